"""The vocabulary of the sample: what a distributor of medical supplies might sell. All names of firms are invented."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Family:
    """Products that differ in their variant alone. `price` in US dollars for the first variant."""

    category: str
    name: str
    unit: str
    storage: str
    price: float
    variants: tuple[str, ...]


@dataclass(frozen=True)
class Market:
    """A country with its currency, what a dollar buys of it, and the shape of its sanitary certificates."""

    country: str
    currency: str
    rate: float
    decimals: int
    certificate: str


DRY = "Lugar seco, 15 a 30 °C"
COOL = "Refrigerado, 2 a 8 °C"
DARK = "Protegido de la luz, menos de 25 °C"
SIZES = ("talla XS", "talla S", "talla M", "talla L", "talla XL")
GAUGES = ("14 G", "16 G", "18 G", "20 G", "22 G", "24 G")
CALIBRES = ("6 Fr", "8 Fr", "10 Fr", "12 Fr", "14 Fr", "16 Fr", "18 Fr")
VOLUMES = ("1 ml", "3 ml", "5 ml", "10 ml", "20 ml", "60 ml")
THREADS = ("2-0", "3-0", "4-0", "5-0", "6-0")
BOTTLES = ("60 ml", "120 ml", "500 ml", "1 l", "galón")

FAMILIES = (
    Family("Protección", "Guante de nitrilo sin polvo", "caja x 100", DRY, 8.5, SIZES),
    Family("Protección", "Guante quirúrgico estéril de látex", "par", DRY, 0.9, ("6½", "7", "7½", "8", "8½")),
    Family("Protección", "Mascarilla quirúrgica de tres capas", "caja x 50", DRY, 4.2, ("adulto", "pediátrica")),
    Family("Protección", "Respirador N95 plegable", "caja x 20", DRY, 18, ("con válvula", "sin válvula")),
    Family("Protección", "Bata desechable impermeable", "unidad", DRY, 1.8, SIZES),
    Family("Protección", "Gafas de bioseguridad antiempañantes", "unidad", DRY, 3.9, ("claras", "ámbar")),
    Family("Curación", "Gasa estéril", "sobre x 5", DRY, 0.6, ("5 × 5 cm", "7,5 × 7,5 cm", "10 × 10 cm")),
    Family("Curación", "Venda elástica", "rollo", DRY, 1.1, ("2 pulgadas", "3 pulgadas", "4 pulgadas", "6 pulgadas")),
    Family("Curación", "Apósito hidrocoloide", "caja x 10", DRY, 21, ("10 × 10 cm", "15 × 15 cm", "20 × 20 cm")),
    Family("Curación", "Apósito de alginato con plata", "caja x 10", DRY, 48, ("5 × 5 cm", "10 × 10 cm")),
    Family("Curación", "Esparadrapo de papel microporoso", "rollo", DRY, 1.3, ("1,25 cm", "2,5 cm", "5 cm")),
    Family("Curación", "Solución de clorhexidina al 2 %", "frasco", DARK, 3.2, BOTTLES),
    Family("Curación", "Yodopovidona solución al 10 %", "frasco", DARK, 2.7, BOTTLES),
    Family("Curación", "Alcohol antiséptico al 70 %", "frasco", DRY, 1.2, BOTTLES),
    Family("Inyección", "Jeringa desechable con aguja", "caja x 100", DRY, 7.4, VOLUMES),
    Family("Inyección", "Jeringa de insulina U-100", "caja x 100", DRY, 12, ("0,3 ml", "0,5 ml", "1 ml")),
    Family("Inyección", "Aguja hipodérmica", "caja x 100", DRY, 3.1, ("18 G", "21 G", "23 G", "25 G", "27 G")),
    Family("Inyección", "Catéter intravenoso periférico", "unidad", DRY, 0.8, GAUGES),
    Family("Inyección", "Equipo de venoclisis con filtro", "unidad", DRY, 0.9, ("macrogoteo", "microgoteo")),
    Family("Inyección", "Llave de tres vías con extensión", "unidad", DRY, 0.7, ("10 cm", "25 cm", "50 cm")),
    Family("Sondas", "Sonda Foley de silicona, dos vías", "unidad", DRY, 3.4, CALIBRES),
    Family("Sondas", "Sonda nasogástrica Levin", "unidad", DRY, 0.9, CALIBRES),
    Family("Sondas", "Sonda de aspiración con control", "unidad", DRY, 0.5, CALIBRES),
    Family(
        "Sondas", "Bolsa recolectora de orina", "unidad", DRY, 1.0, ("adulto 2 l", "pediátrica 100 ml", "de pierna")
    ),
    Family("Vía aérea", "Tubo endotraqueal con balón", "unidad", DRY, 2.1, ("6,0 mm", "7,0 mm", "7,5 mm", "8,0 mm")),
    Family("Vía aérea", "Mascarilla laríngea desechable", "unidad", DRY, 9.5, ("n.º 2", "n.º 3", "n.º 4", "n.º 5")),
    Family("Vía aérea", "Cánula nasal de oxígeno", "unidad", DRY, 0.6, ("adulto", "pediátrica", "neonatal")),
    Family("Vía aérea", "Micronebulizador con mascarilla", "unidad", DRY, 1.7, ("adulto", "pediátrico")),
    Family("Sutura", "Sutura de nylon con aguja cortante", "caja x 12", DRY, 14, THREADS),
    Family("Sutura", "Sutura de poliglactina absorbible", "caja x 12", DRY, 26, THREADS),
    Family("Sutura", "Sutura de seda trenzada", "caja x 12", DRY, 13, THREADS),
    Family("Quirófano", "Hoja de bisturí de acero al carbono", "caja x 100", DRY, 9, ("n.º 10", "n.º 11", "n.º 15")),
    Family("Quirófano", "Campo quirúrgico fenestrado", "unidad", DRY, 1.6, ("50 × 50 cm", "100 × 100 cm")),
    Family("Quirófano", "Pinza hemostática Kelly recta", "unidad", DRY, 6.2, ("14 cm", "16 cm", "18 cm")),
    Family("Diagnóstico", "Tiras reactivas de glucosa", "frasco x 50", DARK, 11, ("estándar", "sin codificación")),
    Family("Diagnóstico", "Prueba rápida de antígeno", "caja x 25", COOL, 62, ("influenza A y B", "SARS-CoV-2")),
    Family(
        "Diagnóstico", "Tubo al vacío para extracción", "caja x 100", DRY, 13, ("tapa lila", "tapa roja", "tapa azul")
    ),
    Family("Diagnóstico", "Termómetro digital", "unidad", DRY, 2.9, ("punta rígida", "punta flexible", "infrarrojo")),
    Family("Diagnóstico", "Tensiómetro aneroide con estuche", "unidad", DRY, 19, ("adulto", "pediátrico", "obeso")),
    Family("Diagnóstico", "Oxímetro de pulso portátil", "unidad", DRY, 16, ("adulto", "pediátrico")),
    Family("Farmacia", "Cloruro de sodio al 0,9 %", "bolsa", DRY, 1.1, ("100 ml", "250 ml", "500 ml", "1000 ml")),
    Family("Farmacia", "Dextrosa al 5 % en agua destilada", "bolsa", DRY, 1.2, ("250 ml", "500 ml", "1000 ml")),
    Family("Farmacia", "Insulina glargina 100 UI/ml", "vial", COOL, 24, ("vial 10 ml", "pluma 3 ml")),
    Family("Farmacia", "Lidocaína sin epinefrina", "frasco", DARK, 2.4, ("al 1 %, 50 ml", "al 2 %, 50 ml")),
    Family("Farmacia", "Vacuna contra la influenza", "vial", COOL, 9, ("monodosis", "multidosis x 10")),
    Family("Movilidad", "Muleta axilar de aluminio", "par", DRY, 21, ("pequeña", "mediana", "grande")),
    Family("Movilidad", "Silla de ruedas plegable", "unidad", DRY, 118, ("asiento 16″", "asiento 18″", "asiento 20″")),
)

MAKERS = (
    "Laboratorios Andívar",
    "Biomédica del Pacífico",
    "Insumos Quirúrgicos Tamanaco",
    "Farmalía Ibérica",
    "Médica Riobravo",
    "Grupo Sanatal",
    "Dispositivos Altamira",
    "Cauquén Salud",
    "Proclínica Meseta",
    "Suministros Yaraví",
)

MARKETS = (
    Market("CO", "COP", 4100, 0, "INVIMA {year}DM-{number:07d}"),
    Market("MX", "MXN", 18.5, 2, "COFEPRIS {number:04d}C{year} SSA"),
    Market("PE", "PEN", 3.75, 2, "DIGEMID DM-{number:05d}-E/{year}"),
    Market("CL", "CLP", 940, 0, "ISP {number:05d}/{year}"),
    Market("AR", "ARS", 1150, 2, "ANMAT PM-{number:04d}-{year}"),
    Market("EC", "USD", 1, 2, "ARCSA {number:05d}-DMA-{year}"),
    Market("ES", "EUR", 0.92, 2, "CE {number:04d} / {year}"),
)

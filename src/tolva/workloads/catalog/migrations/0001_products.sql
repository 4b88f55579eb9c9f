-- The built-in destination `products`. A test holds this against the schema that ships with the package.
CREATE TABLE "products" (
    tenant_id text NOT NULL,
    "proveedor_id" text NOT NULL,
    "codigo" text NOT NULL,
    "nombre" text NOT NULL,
    "descripcion" text,
    "categoria" text,
    "unidad" text,
    "laboratorio" text,
    "condiciones_almacenamiento" text,
    "precio" numeric(14,4) NOT NULL,
    "moneda" text,
    "stock" bigint,
    "certificado_sanitario" text NOT NULL,
    "tiempo_entrega_dias" bigint NOT NULL,
    "fecha_vencimiento" date,
    "pais" text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY ("tenant_id", "proveedor_id", "codigo"),
    CONSTRAINT "products_tenant_id_filled" CHECK (tenant_id <> ''),
    CONSTRAINT "products_proveedor_id_filled" CHECK ("proveedor_id" <> ''),
    CONSTRAINT "products_proveedor_id_length" CHECK (char_length("proveedor_id") <= 200),
    CONSTRAINT "products_codigo_filled" CHECK ("codigo" <> ''),
    CONSTRAINT "products_codigo_length" CHECK (char_length("codigo") <= 200),
    CONSTRAINT "products_nombre_filled" CHECK ("nombre" <> ''),
    CONSTRAINT "products_nombre_length" CHECK (char_length("nombre") <= 300),
    CONSTRAINT "products_precio_minimum" CHECK ("precio" >= 0),
    CONSTRAINT "products_stock_minimum" CHECK ("stock" >= 0),
    CONSTRAINT "products_certificado_sanitario_filled" CHECK ("certificado_sanitario" <> ''),
    CONSTRAINT "products_tiempo_entrega_dias_minimum" CHECK ("tiempo_entrega_dias" >= 0),
    CONSTRAINT "products_tiempo_entrega_dias_maximum" CHECK ("tiempo_entrega_dias" <= 365)
);

ALTER TABLE "products" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "products" FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON "products" TO tolva_app USING (tenant_id = current_setting('app.tenant_id', true));
GRANT SELECT, INSERT, UPDATE, DELETE ON "products" TO tolva_app;

"""The HTTP server: its sockets and connections, and the application that it serves."""

"""HTTP/1.1 in the event loop's own thread: connections, and the ASGI application behind them."""

"""A node: keeps a log, mirrors its peers, answers over HTTP, and shows its pages.

config.py    settings            service.py   what a node can do, without HTTP
app.py       the ASGI app        api.py       SCRAPI and C2SP routes
limits.py    floods              metrics.py   Prometheus        logs.py   structured logs
pages/       what people see     server.py    starting and stopping
"""

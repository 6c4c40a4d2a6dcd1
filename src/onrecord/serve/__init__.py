"""Owns the graph over HTTP: the site, a SPARQL endpoint, its questions as an API; read-only.

Leaves what a graph holds to ``onrecord.graph``, its pages to ``site`` and HTTP itself to uvicorn and Starlette.

    server.py       starts and stops it all          settings.py     what may be chosen
    app.py          which address is answered how    connections.py  sockets: how long, how many
    guard.py        who may ask, and how much        log.py          a line a request and an event
    metrics.py      the figures                      upstream.py     how a server behind this one is
    service.py      what all addresses share
    negotiation.py  which format a client takes      protocol.py     SPARQL 1.1 Protocol, read
    endpoint.py     /sparql                          graphstore.py   named graphs
    description.py  what the endpoint can do         entities.py     the graph's own IRIs
    questions.py    /api                             openapi.py      /openapi.json
    pages.py        the site's files                 problems.py     /problems
    health.py       /health, /live, /metrics         frame.py        what the server's own pages share
    edition.py      a process of its own             desk.py         that holds one state of the graph
    editions.py     the editions that are running    live.py         when the files change
    catalogue.py    what each question takes         messages.py     between server and editions
    answers.py      what was answered lately, and how many are being answered
"""

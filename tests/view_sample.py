"""Owns an invented story for the tests of the view: a harbour, a deal to dredge it, about 40 nodes.

Leaves the assertions to ``test_view_network.py`` and ``browser/test_view_page.py``.
"""

from __future__ import annotations

from dataclasses import replace

from onrecord.view.model import ViewEdge, ViewGraph, ViewNode

BASE = "https://example.org/harbour/"

_ENTITIES = """
talks | Aster harbour talks | event | meeting | Aster talks; harbour round
summit | Autumn port summit | event | meeting |
strike | Dockers' strike of May | event | strike |
flood | Flood of the lower quays | event | disaster |
auction | Auction of Pier 4 | event | sale |
lind | Ida Lind | person | person | I. Lind; the minister
okoro | Samuel Okoro | person | person | Okoro
varga | Petra Varga | person | person |
hale | Thomas Hale | person | person | Tom Hale
meyer | Ruth Meyer | person | person |
costa | Joao Costa | person | person |
ferris | Nell Ferris | person | person |
brandt | Olaf Brandt | person | person |
sato | Mika Sato | person | person |
dunn | Peter Dunn | person | person |
officials | Harbour officials | group | group |
dockers | Dockers of the north quay | group | group |
fishers | Inshore fishing families | group | group |
residents | Residents of Low Street | group | group |
kestria | Kestria | state | state | Republic of Kestria
norland | Norland | state | state |
vessin | Vessin | state | state |
board | Aster Harbour Board | organisation | organisation | the Board; AHB
deepcut | Deepcut Dredging | organisation | company |
ministry | Kestrian Ministry of Ports | organisation | ministry |
union | Union of Port Workers | organisation | union | UPW
bank | Norland Development Bank | organisation | bank |
watch | Estuary Watch | organisation | organisation |
court | Admiralty Court | organisation | court |
gazette | Aster Gazette | organisation | newspaper |
aster | Aster | place | city |
pier4 | Pier 4 | place | pier |
estuary | Grey Estuary | place | estuary |
lowstreet | Low Street | place | street |
plan | Twelve-point dredging plan | plan | proposal | the plan
loan | Loan of 40 million | plan | agreement |
permit | Permit 77/B | plan | document |
lease | Ninety-year lease of Pier 4 | plan | agreement |
dredger | Dredger Halcyon | thing | ship |
silt | Contaminated silt | thing | material |
"""

_PROPOSITIONS = (
    ("p1", "Kestria accepts Norland's guarantee", "kestria", "loan"),
    ("p2", "Deepcut Dredging will leave the estuary", "deepcut", "estuary"),
)

_SOURCES = {
    "G": ("Aster Gazette", "Talks on the harbour to open in Aster", "2031-04-02", "https://news.example/aster/talks"),
    "W": (
        "Westport Wire",
        "Who pays for the dredging of the Grey Estuary",
        "2031-04-05",
        "https://wire.example/dredging",
    ),
    "B": ("Aster Harbour Board", "Minutes of the 212th session", "2031-03-28", ""),
}

# source | subject | property | object | status | asserts | speaker | quote
_STATEMENTS = """
G lind participates in talks : expected - : is expected to lead the Kestrian side
G okoro participates in talks : expected - : will fly in on Friday, aides said
G varga participates in talks : stated + : Petra Varga took her seat at the table
G hale participates in talks : stated + : with Thomas Hale for the bank
G meyer participates in talks : denied - Ruth Meyer : I was not there and I was not asked
G costa chairs talks : stated + : Joao Costa, who chairs the talks
W costa chairs talks : confirmed + Harbour officials : officials confirmed that Costa is in the chair
G talks takes place in aster : stated + : two days of talks in Aster
G talks is about plan : stated + : to discuss the twelve-point plan
W talks is about loan : claimed - Nell Ferris : the talks were about the loan, nothing else
G kestria sends a delegation to talks : expected - : Kestria is expected to send six people
G norland sends a delegation to talks : stated + : Norland's delegation arrived on Monday
W vessin sends a delegation to talks : denied - Olaf Brandt : Vessin has no seat and wants none
G lind heads ministry : stated + : ports minister Ida Lind
B costa heads board : stated + : Mr Costa, chairman of the Board
G hale works for bank : stated + : Hale, of the development bank
G varga heads union : stated + : the union's leader, Petra Varga
W okoro represents norland : stated - Samuel Okoro : I speak for Norland here
W okoro represents bank : claimed - Nell Ferris : he speaks for the bank as well
W meyer works for deepcut : stated + : Meyer, a director of Deepcut
W sato heads watch : stated + : its director, Mika Sato
W ferris works for gazette : stated + : Nell Ferris of the Gazette
W brandt represents vessin : stated + : the envoy of Vessin, Olaf Brandt
B dunn works for board : stated + : harbour master P. Dunn
B ministry oversees board : stated + : under the supervision of the Ministry
B board owns pier4 : stated + : Pier 4, property of the Board
B board leases lease : planned - : the Board intends to sign the lease in June
W deepcut seeks lease : stated + : Deepcut wants the pier for ninety years
W deepcut owns dredger : stated + : the company's dredger, the Halcyon
W dredger works in estuary : stated + : the Halcyon has worked the estuary since March
W dredger works in estuary : denied - Ruth Meyer : she has never left the yard
W dredger works in estuary : possible - Mika Sato : it may have been at work at night
B permit covers estuary : stated + : permit 77/B, for the estuary
B board granted permit : confirmed + : granted by the Board on 12 March
W watch contests permit : stated + : Estuary Watch has contested the permit
W court suspended permit : unconfirmed - : the court is reported to have suspended it
W watch sued deepcut : stated + : sued the company in January
W court hears watch : planned - : will hear the group in May
W silt lies in estuary : confirmed + Estuary Watch : the silt in the estuary is contaminated
W silt lies in estuary : denied - Ruth Meyer : there is no contaminated silt
W deepcut moved silt : claimed - Mika Sato : they moved it without a permit
B flood damaged lowstreet : stated + : damage to Low Street
B flood damaged pier4 : stated + : and to the decking of Pier 4
B residents lives in lowstreet : stated + : those who live in Low Street
W residents opposes plan : stated + : residents have come out against the plan
W fishers opposes plan : stated - Inshore fishing families : we are against it, all of us
W fishers works in estuary : stated + : families who fish the estuary
G dockers member of union : stated + : dockers of the north quay, most of them union members
G dockers took part in strike : stated + : who walked out in May
G union called strike : stated + : the strike that the union called
G union supports plan : possible - Petra Varga : we could live with it
G union rejects lease : stated - Petra Varga : not for ninety years, not for nine
G kestria proposes plan : stated + : the plan that Kestria put forward
W norland supports plan : expected - : Norland is expected to back it
W norland rejects plan : claimed - Olaf Brandt : Norland has said no in private
W bank offers loan : stated + : the bank's offer of 40 million
W bank offers loan : confirmed + Thomas Hale : the offer stands
W kestria receives loan : planned - : would be paid to Kestria over six years
W loan pays for plan : planned - : meant to pay for the dredging
W norland owns bank : stated + : state-owned
B plan provides for permit : stated + : point three: a new permit
B plan provides for lease : stated + : point nine: the lease of the pier
W auction is about pier4 : planned - : the auction of the pier
W board holds auction : denied - Joao Costa : the Board will hold no auction
W deepcut takes part in auction : possible - : may bid
G officials speaks for board : stated + : officials of the Board
G officials believes p1 : stated + : believe Kestria will accept the guarantee
W sato doubts p1 : stated + : doubts that Kestria accepts
W watch demands p2 : stated + : demands that Deepcut leave the estuary
W meyer rejects p2 : stated - Ruth Meyer : we are not leaving
G summit takes place in aster : expected - : is to be held in Aster
G lind participates in summit : expected - : the minister is expected there as well
G kestria hosts summit : stated + : Kestria hosts the summit
B pier4 lies in aster : stated + : in Aster
B lowstreet lies in aster : stated + : Aster, Low Street
G ferris reports on talks : stated + : our reporter at the talks
B dunn warned of silt : stated + : the harbour master warned of it
G gazette published permit : stated + : the permit, which this newspaper published
W kestria recognises court : mentioned - : whether Kestria recognises the court
"""


def harbour() -> ViewGraph:
    """The story: 42 nodes, 79 statements and 4 links."""
    nodes = []
    for line in _ENTITIES.strip().splitlines():
        name, label, shape, kind, aliases = (part.strip() for part in line.split("|"))
        also = tuple(alias.strip() for alias in aliases.split(";") if alias.strip())
        nodes.append(ViewNode(BASE + name, label, "entity", BASE + "type/" + kind, kind, shape, also))
    edges = []
    for name, label, subject, target in _PROPOSITIONS:
        nodes.append(ViewNode(BASE + name, label, "proposition", "", "proposition", "proposition"))
        for role, end in (("subject", subject), ("object", target)):
            edges.append(ViewEdge("", BASE + name, BASE + end, role, "", "link"))
    for number, line in enumerate(_STATEMENTS.strip().splitlines(), 1):
        head, middle, quote = (part.strip() for part in line.split(" : "))
        source, subject, *words, target = head.split()
        status, asserts, *speaker = middle.split()
        publisher, title, published, url = _SOURCES[source]
        edges.append(
            ViewEdge(
                iri=f"{BASE}statement/{number}",
                source=BASE + subject,
                target=BASE + target,
                label=" ".join(words),
                property_iri=BASE + "property/" + "-".join(words),
                kind="statement",
                status=status,
                asserting=asserts == "+",
                quotes=(quote,),
                said_by=(" ".join(speaker),) if speaker else (),
                recorded=published,
                verified=source != "B",
                source_title=title,
                source_publisher=publisher,
                source_published=published,
                source_url=url,
                file=f"statements/{publisher.lower().replace(' ', '-')}.yaml",
                line=10 + 4 * number,
            )
        )
    at = next(i for i, edge in enumerate(edges) if edge.label == "sends a delegation to")
    edges[at] = replace(
        edges[at],
        hedge="reportedly",
        condition="if the strike ends",
        when="2031-04-04/2031-04-05",
        when_text="on Friday and Saturday",
        qualifiers=(("on behalf of", "Kestrian Ministry of Ports"),),
        via=("Westport Wire",),
        origin=("a ministry note",),
        said_when="2031-04-01",
        said_at="Aster",
        said_to=("Aster Gazette",),
        note="The minister's office did not comment.",
        translation="",
        locator="paragraph 4",
    )
    edges.append(
        ViewEdge(
            f"{BASE}statement/not",
            BASE + "brandt",
            BASE + "talks",
            "participates in",
            BASE + "property/participates-in",
            "statement",
            "stated",
            negated=True,
            quotes=("Brandt was not at the table",),
            recorded="2031-04-05",
            source_title=_SOURCES["W"][1],
            source_publisher="Westport Wire",
            source_published="2031-04-05",
            source_url=_SOURCES["W"][3],
            verified=True,
            file="statements/westport-wire.yaml",
            line=400,
        )
    )
    sources = tuple(
        (key, f"{publisher}, {title}, {published}") for key, (publisher, title, published, _) in _SOURCES.items()
    )
    return ViewGraph(
        "Who is at the table in Aster",
        "An invented story: a harbour, a plan to dredge it, and who says what about it.",
        tuple(nodes),
        tuple(edges),
        sources,
    )


def crowd(nodes: int, edges: int, seed: int = 3) -> ViewGraph:
    """A graph of ``nodes`` and ``edges`` for size alone: hubs, a tail, and some who stand alone."""
    import random

    pick = random.Random(seed)
    shapes = ("person", "person", "person", "group", "state", "organisation", "event", "place", "plan", "thing")
    names = (
        "Ada",
        "Bo",
        "Cleo",
        "Dag",
        "Ebba",
        "Finn",
        "Gita",
        "Hugo",
        "Iris",
        "Jon",
        "Kaja",
        "Leo",
        "Maud",
        "Nils",
        "Olga",
    )
    items = []
    for number in range(nodes):
        shape = pick.choice(shapes)
        label = f"{pick.choice(names)} {pick.choice(names)}sen {number}"
        if shape in {"organisation", "plan", "event"}:
            label = f"{shape.capitalize()} of the {pick.choice(names)} harbour, {number}"
        items.append(ViewNode(f"{BASE}n{number:05}", label, "entity", "", shape, shape))
    statuses = ("stated", "stated", "stated", "confirmed", "expected", "claimed", "denied", "planned", "possible")
    lines = []
    for number in range(edges):
        a = min(int(pick.paretovariate(0.9)) - 1, nodes - 1) if number % 2 else pick.randrange(nodes)
        b = pick.randrange(max(1, int(nodes * 0.97)))
        status = pick.choice(statuses)
        lines.append(
            ViewEdge(
                f"{BASE}s{number:05}",
                items[a].iri,
                items[b].iri,
                pick.choice(("meets", "represents", "rejects", "owns")),
                BASE + "p",
                "statement",
                status,
                asserting=status in {"stated", "confirmed"},
                quotes=("so it is written",),
                recorded="2031-01-01",
                source_title="Register",
                source_publisher="Archive",
                source_published="2031-01-01",
            )
        )
    return ViewGraph("A crowd", "", tuple(items), tuple(lines))

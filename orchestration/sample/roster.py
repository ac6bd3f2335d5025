"""The people, places and customers of the generated company. All names are invented.

What they sell and when is no subject of this module.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orchestration.sample import calibration as c
from orchestration.sample.history import NONE, Floats, Ints
from orchestration.sample.office_time import draw_codes

TEAMS = ("EMEA North", "EMEA South", "Americas", "UK")
TEAM_SHARES = np.array([0.34, 0.22, 0.28, 0.16])
# Region, code of its team, code of its currency, share of the arrivals.
REGIONS = (
    ("Benelux", 0, 0, 0.14),
    ("DACH", 0, 0, 0.14),
    ("Nordics", 0, 0, 0.07),
    ("France", 1, 0, 0.10),
    ("Iberia", 1, 0, 0.07),
    ("Italy", 1, 0, 0.06),
    ("North America", 2, 1, 0.20),
    ("Latin America", 2, 1, 0.07),
    ("UK and Ireland", 3, 2, 0.15),
)
REGION_NAMES = tuple(name for name, *_ in REGIONS)
REGION_TEAMS: Ints = np.array([team for _, team, _, _ in REGIONS])
REGION_CURRENCIES: Ints = np.array([currency for _, _, currency, _ in REGIONS])
REGION_SHARES: Floats = np.array([share for *_, share in REGIONS])

FIRST_NAMES = (
    "Arvelo", "Brindo", "Calixa", "Dorvane", "Elspin", "Fendra", "Gorlo", "Hestrin", "Ixandor",
    "Jorvil", "Kestra", "Lumbert", "Mirovan", "Nerelle", "Ostrin", "Pellaxa", "Quillon", "Rovanne",
    "Sindrel", "Tamvio", "Ulvette", "Vexley", "Wimbrel", "Yorvina", "Zephra",
)  # fmt: skip
LAST_NAMES = (
    "Quorvane", "Zindlemark", "Plimbury", "Tarrowick", "Fennigold", "Wobblecroft", "Grindlefax",
    "Ostervoon", "Pumblewick", "Skarrivan", "Thimblegate", "Vandelquist", "Yarrowmint",
    "Bramblefort", "Cogswindle", "Drizzlemoor", "Eckleveen", "Furlinghast", "Gobblestone",
    "Hurdlemere", "Inkleburn", "Jumblestad", "Kettlevoss",
)  # fmt: skip
ACCOUNT_FIRST = (
    "Zephlin", "Orbinox", "Quastar", "Veldurra", "Mopania", "Tindrix", "Karvolo", "Brevonda",
    "Sulvani", "Dextoria", "Fjorlund", "Glimmeron", "Hoverix", "Ixotto", "Jambrex", "Klovaro",
    "Lomendra", "Nuvexo", "Ploverix", "Ruvento", "Snorvik", "Trovalis", "Umbrazo", "Wexatron",
    "Xandolo", "Yttrova", "Zomdera", "Avonix", "Bluvarro", "Crispolo", "Drumvella",
)  # fmt: skip
ACCOUNT_SECOND = (
    "Pumps", "Tiles", "Logistics", "Foods", "Textiles", "Optics", "Paper", "Bearings", "Cranes",
    "Gardens", "Ceramics", "Turbines", "Bicycles", "Printing", "Dairy", "Furniture", "Cables",
    "Valves", "Seeds", "Freight", "Lamps", "Glass", "Robotics",
)  # fmt: skip
ACCOUNT_THIRD = ("Group", "Works", "Trading", "Holding", "Partners", "Company", "Union")
PRODUCTS = ("rollout", "licences", "renewal of the plant", "pilot", "extension", "service plan")


@dataclass(frozen=True)
class Roster:
    """Sellers by number; the head of sales is number 0 and sells nothing."""

    names: tuple[str, ...]
    team: Ints  # NONE: the head of sales
    region: Ints
    manager: Ints
    weight: Floats  # share of the team's arrivals
    skill: Floats  # log odds added to a deal's chance
    optimism: Floats  # percentage points added to an opinion
    left_on: Ints  # day number, NONE: still there
    successor: Ints  # who takes over: a seller of the same team who stays

    def assigned(self, rng: np.random.Generator, region: Ints, day: Ints) -> Ints:
        """Draw an owner for arrivals of these regions and days."""
        owner = np.zeros(len(region), dtype=np.int64)
        team = REGION_TEAMS[region]
        for code in range(len(TEAMS)):
            members = np.flatnonzero(self.team == code)
            rows = np.flatnonzero(team == code)
            owner[rows] = members[draw_codes(rng, self.weight[members], len(rows))]
        gone = (self.left_on[owner] != NONE) & (day >= self.left_on[owner])
        owner[gone] = self.successor[owner[gone]]
        return owner


def hired(rng: np.random.Generator, deals: int, first_day: int, last_day: int) -> Roster:
    """Return the head of sales and the sellers of a company of ``deals`` deals.

    The first seller of each team is its manager. About one seller in twelve has left.
    """
    sellers = min(max(c.SELLERS_AT_LEAST, deals // c.DEALS_PER_SELLER), c.SELLERS_AT_MOST)
    team = np.full(sellers + 1, NONE, dtype=np.int64)
    # One each, then always the team that lacks most, so that each has its share.
    members = np.zeros(len(TEAMS))
    for number in range(1, sellers + 1):
        code = int(np.argmin(members / TEAM_SHARES))
        team[number] = code
        members[code] += 1
    manager = np.zeros(sellers + 1, dtype=np.int64)
    manager[0] = NONE
    region = np.zeros(sellers + 1, dtype=np.int64)
    successor = np.zeros(sellers + 1, dtype=np.int64)
    left_on = np.full(sellers + 1, NONE, dtype=np.int64)
    leavers = np.arange(8, sellers + 1, 9)  # never the first of a team: teams have >= 2 sellers
    leavers = leavers[~np.isin(leavers, [np.flatnonzero(team == t)[0] for t in range(len(TEAMS))])]
    left_on[leavers] = first_day + (
        (last_day - first_day) * rng.uniform(0.45, 0.9, len(leavers))
    ).astype(np.int64)
    for code in range(len(TEAMS)):
        group = np.flatnonzero(team == code)
        manager[group[1:]] = group[0]
        homes = np.flatnonzero(np.equal(REGION_TEAMS, code))
        region[group] = homes[np.arange(len(group)) % len(homes)]
        staying = group[left_on[group] == NONE]
        # The next one of the team who stays, round and round.
        place = np.searchsorted(staying, group, side="right") % len(staying)
        successor[group] = staying[place]
    places = np.arange(sellers + 1)
    # 25 and 23 have no common divisor: 575 names before one comes back.
    names = tuple(f"{FIRST_NAMES[n % 25]} {LAST_NAMES[n % 23]}" for n in places)
    return Roster(
        names=names,
        team=team,
        region=region,
        manager=manager,
        weight=rng.uniform(0.6, 1.4, sellers + 1),
        skill=rng.normal(0, c.SELLER_SKILL_SIGMA, sellers + 1),
        optimism=rng.normal(0, c.OPINION_SELLER_SIGMA, sellers + 1),
        left_on=left_on,
        successor=successor,
    )


def customers(rng: np.random.Generator, region: Ints, deals: int) -> Ints:
    """Draw the account number of each deal: few accounts buy often, and each has one region."""
    per_region = np.maximum(1, deals / c.DEALS_PER_ACCOUNT * REGION_SHARES[region])
    place: Ints = (per_region * rng.random(len(region)) ** 1.3).astype(np.int64)
    return place * len(REGIONS) + region

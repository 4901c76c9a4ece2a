"""Lists the scenarios, or plays one: `python -m tests.scenarios NAME [--slow] [--out FOLDER]`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from _pytest.outcomes import Skipped

from tests.scenarios.ways import SCENARIOS
from tests.scenarios.world import made_world


def main() -> int:
    """Gives 0 where the scenario ended as it should."""
    parser = argparse.ArgumentParser(prog="python -m tests.scenarios", description=__doc__)
    parser.add_argument(
        "name", nargs="?", choices=sorted(SCENARIOS), help="which; without it they are listed"
    )
    parser.add_argument("--slow", action="store_true", help="with pauses, for somebody who watches")
    parser.add_argument("--out", type=Path, help="where pictures go; default: scenarios/NAME, here")
    given = parser.parse_args()
    if given.name is None:
        width = max(map(len, SCENARIOS))
        for found in SCENARIOS.values():
            print(f"{found.name:<{width}}  {'' if found.quick else '(longer) '}{found.told}")
        return 0
    pictures = given.out or Path("scenarios") / given.name
    try:
        with made_world(pictures, slow=given.slow) as world:
            SCENARIOS[given.name].play(world)
    except Skipped as error:  # a program that is missing, or rights
        print(error, file=sys.stderr)
        return 1
    keys = sum(person.keys for person in world.players)
    typed = sum(person.typed for person in world.players)
    print(f"{given.name}: as it should be; {keys} keys, {typed} characters typed; pictures in {pictures}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

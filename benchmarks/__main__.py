"""`make bench`: every benchmark, one after the other; exits 1 when a limit is missed."""

from __future__ import annotations

from benchmarks import decision, get_number, two_legged
from benchmarks.machine import described


def main() -> int:
    """Run all and print what was measured on what."""
    print(f"on {described()}\n")
    missed = 0
    for benchmark in (decision, get_number, two_legged):
        missed += benchmark.main()
        print()
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())

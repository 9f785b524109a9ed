"""Write data/SHA256SUMS, which `lecturelib.assets` compares every shipped file with: after a file was edited by hand.

python scripts/checksums.py

Scripts that make a file of data/ write it themselves.
"""

from lecturelib.assets.shipped import write_checksums

if __name__ == "__main__":
    print(f"wrote {write_checksums()}")

"""What a front remembers of tiles in the database."""

from haechi.log.cluster.cache import TileCache


def tile(first: int, width: int) -> bytes:
    return b"".join(number.to_bytes(32) for number in range(first, first + width))


def test_the_widest_form_answers_for_the_narrower_ones():
    cache = TileCache()
    cache.put(0, 3, tile(5, 200))
    cache.put(0, 3, tile(5, 100))
    assert cache.get(0, 3, 150) == tile(5, 150)
    assert cache.get(0, 3, 201) is None
    assert cache.get(1, 3, 1) is None


def test_the_oldest_go_first_and_widths_count():
    cache = TileCache(40_000)
    for n in range(100):
        cache.put(0, n, tile(n, 256))
        assert cache.get(0, n, 256) == tile(n, 256)
    held = [n for n in range(100) if cache.get(0, n, 256) is not None]
    assert held == [96, 97, 98, 99]
    for width in range(1, 257):  # one tile that grows takes the room of one
        cache.put(0, 99, tile(99, width))
    assert [n for n in range(100) if cache.get(0, n, 256) is not None] == held
    for n in range(1000, 1200):
        cache.put(0, n, tile(n, 4))
    assert cache.get(0, 99, 1) is None
    assert sum(cache.get(0, n, 4) is not None for n in range(1000, 1200)) == 40_000 // (4 * 32 + 300)

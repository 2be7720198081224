"""Pods onto nodes, first fit, the largest first: what the API's scheduler does and the loop foresees."""

from collections.abc import Iterator, Mapping


def fitted(counts: Mapping[int, int], free_m: list[int]) -> Iterator[tuple[int, int]]:
    """Each pod that fits: its CPU in thousandths, and the node's index. `free_m` is used up meanwhile."""
    for cpu_m in sorted(counts, reverse=True):
        node = 0
        for _ in range(counts[cpu_m]):
            while node < len(free_m) and free_m[node] < cpu_m:
                node += 1
            if node == len(free_m):
                break
            free_m[node] -= cpu_m
            yield cpu_m, node


def nodes_for(counts: Mapping[int, int], node_cpu_m: int) -> int:
    """How many empty nodes hold these pods."""
    free_m: list[int] = []
    for cpu_m in sorted(counts, reverse=True):
        left, node = counts[cpu_m], 0
        while left:
            if node == len(free_m):
                free_m.append(node_cpu_m)
            here = min(left, free_m[node] // cpu_m)
            free_m[node] -= here * cpu_m
            left, node = left - here, node + 1
    return len(free_m)

"""How many samples a second a share of a core pays for, judged first and then measured."""

from collectors.contract import Cost, Sampler

MAX_RATE_HZ = 100
MIN_RATE_HZ = 1


def first_rate(sampler: Sampler, cost: Cost, cpu_budget: float) -> tuple[int, str]:
    """As many samples a second as the budget pays for, and the reason in words."""
    if (asked_hz := sampler.asked_rate_hz()) is not None:
        return asked_hz, "configured"
    sample_s = sampler.sample_s(cost)
    rate_hz = max(MIN_RATE_HZ, min(MAX_RATE_HZ, int(cpu_budget / sample_s)))
    size = f"{cost.threads} threads with {cost.frames} frames, about {sample_s * 1000:.1f} ms a sample"
    share = min(1.0, sample_s * rate_hz)
    if share > cpu_budget:  # there are no fewer
        return rate_hz, f"{size}: {rate_hz} Hz, the least, take about {share:.0%} of a core"
    return rate_hz, f"{size}: {rate_hz} Hz stay within {cpu_budget:.0%} of a core"

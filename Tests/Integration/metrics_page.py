"""A router's metrics, read by Prometheus' own Python parser."""

from prometheus_client.parser import text_string_to_metric_families


class MetricsPage:
    """One look at `GET /metrics`."""

    def __init__(self, router, fields=()):
        self.answer = router.ask("GET", "/metrics", fields=fields)
        assert self.answer.status == 200, self.answer.payload
        self.text = self.answer.payload.decode()
        families = text_string_to_metric_families(self.text)
        self.samples = [sample for family in families for sample in family.samples]

    def values(self, name, **labels):
        """The values of a metric's samples that have these labels, among others."""
        return [
            sample.value
            for sample in self.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        ]

    def value(self, name, **labels):
        """All of them together."""
        return sum(self.values(name, **labels))

    def labels(self, label):
        """Every value that a label has."""
        return {sample.labels[label] for sample in self.samples if label in sample.labels}

    @property
    def series(self):
        """Every series, as a set of strings."""
        return {f"{sample.name}{sorted(sample.labels.items())}" for sample in self.samples}

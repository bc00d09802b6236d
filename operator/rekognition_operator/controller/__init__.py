"""How a pass runs: queue, reconcile, sweep, metrics. Only kopf_app imports kopf."""

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { ApiDeps, Metric } from './ports.ts';

let processMetrics: Registry | undefined;

/**
 * Metrics of the process. They are collected from the first request on, because their observers wake the process a
 * hundred times a second; and only once, because the observers cannot be removed.
 */
function processRegistry(): Registry {
  if (!processMetrics) {
    processMetrics = new Registry();
    collectDefaultMetrics({ register: processMetrics });
  }
  return processMetrics;
}

/** Metrics for Prometheus: of the process, calls, webhooks, other modules, and REST itself. */
export class Metrics {
  #registry = new Registry();
  #requests: Histogram<'method' | 'route' | 'status'>;

  constructor(deps: Pick<ApiDeps, 'live' | 'deliveries' | 'metrics'>) {
    this.#requests = new Histogram({
      name: 'minivoice_http_request_seconds',
      help: 'Duration of REST requests',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10],
      registers: [this.#registry],
    });
    for (const [name, metric] of Object.entries(ownMetrics(deps))) this.#add(name, metric);
    for (const [name, metric] of Object.entries(deps.metrics ?? {})) this.#add(name, metric);
  }

  /** Records a request. @param route is the path as declared, so that ids do not become labels. */
  observe(method: string, route: string, status: number, seconds: number): void {
    this.#requests.observe({ method, route, status }, seconds);
  }

  /** All metrics in the Prometheus text format. */
  text(): Promise<string> {
    return Registry.merge([processRegistry(), this.#registry]).metrics();
  }

  /** Registers a metric: a counter if its name ends in `_total` (Prometheus' naming rules), else a gauge. */
  #add(name: string, metric: Metric): void {
    const options = { name: `minivoice_${name}`, help: metric.help, registers: [this.#registry] };
    const samples = () => ('value' in metric ? [[{}, metric.value()] as const] : labeled(metric));
    const labelNames = 'value' in metric ? [] : [metric.label];
    if (name.endsWith('_total')) {
      new Counter({
        ...options,
        labelNames,
        collect() {
          this.reset();
          for (const [labels, value] of samples()) this.inc(labels, value);
        },
      });
    } else {
      new Gauge({
        ...options,
        labelNames,
        collect() {
          for (const [labels, value] of samples()) this.set(labels, value);
        },
      });
    }
  }
}

function labeled({ label, values }: Extract<Metric, { label: string }>) {
  return [...values()].map(([each, value]) => [{ [label]: each }, value] as const);
}

function ownMetrics({ live, deliveries }: Pick<ApiDeps, 'live' | 'deliveries'>): Record<string, Metric> {
  const counts = () => deliveries.counts;
  return {
    calls_live: { help: 'Calls in progress', value: () => live.size },
    events_pending: { help: 'Events neither accepted nor dead', value: () => counts().pending },
    events_oldest_seconds: { help: 'Age of the oldest pending event', value: () => counts().oldestMs / 1000 },
    events_delivered_total: { help: 'Events accepted since the start', value: () => counts().delivered },
    events_dead_total: { help: 'Events given up since the start', value: () => counts().dead },
    deliveries_failed_total: {
      help: 'Delivery attempts that failed since the start',
      value: () => counts().failed,
    },
  };
}

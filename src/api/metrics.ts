import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { ApiPorts, Figure } from './ports.ts';

/** Metrics of the process, collected once: their observers cannot be removed again. */
let processMetrics: Registry | undefined;

function ofProcess(): Registry {
  if (!processMetrics) {
    processMetrics = new Registry();
    collectDefaultMetrics({ register: processMetrics });
  }
  return processMetrics;
}

/** Metrics for Prometheus: of the process, calls, webhooks and REST itself. */
export class Metrics {
  #registry = new Registry();
  #ofProcess = ofProcess();
  #requests: Histogram<'method' | 'route' | 'status'>;

  constructor(ports: Pick<ApiPorts, 'live' | 'deliveries' | 'figures'>) {
    this.#requests = new Histogram({
      name: 'minivoice_http_request_seconds',
      help: 'Duration of REST requests',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10],
      registers: [this.#registry],
    });
    for (const [name, figure] of Object.entries(ownFigures(ports))) this.#add(name, figure);
    for (const [name, figure] of Object.entries(ports.figures ?? {})) this.#add(name, figure);
  }

  /** @param route as it is in the table, so that ids make no labels. */
  observe(method: string, route: string, status: number, seconds: number): void {
    this.#requests.observe({ method, route, status }, seconds);
  }

  /** In the format that Prometheus reads. */
  text(): Promise<string> {
    return Registry.merge([this.#ofProcess, this.#registry]).metrics();
  }

  /** A name that ends in `_total` is a counter, as Prometheus' naming rules have it; every other one a gauge. */
  #add(name: string, figure: Figure): void {
    const options = { name: `minivoice_${name}`, help: figure.help, registers: [this.#registry] };
    const samples = () => ('value' in figure ? [[{}, figure.value()] as const] : labeled(figure));
    const labelNames = 'value' in figure ? [] : [figure.label];
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

function labeled({ label, values }: Extract<Figure, { label: string }>) {
  return [...values()].map(([each, value]) => [{ [label]: each }, value] as const);
}

function ownFigures({ live, deliveries }: Pick<ApiPorts, 'live' | 'deliveries'>): Record<string, Figure> {
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

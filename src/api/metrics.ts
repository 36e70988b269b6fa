import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { ApiPorts, Figure } from './ports.ts';

/** Figures of the process, collected once: what watches its memory is never taken away again. */
let processFigures: Registry | undefined;

function ofProcess(): Registry {
  if (!processFigures) {
    processFigures = new Registry();
    collectDefaultMetrics({ register: processFigures });
  }
  return processFigures;
}

/** Figures for Prometheus: those of the process, of calls, of webhooks and of REST itself. */
export class Metrics {
  #registry = new Registry();
  #ofProcess = ofProcess();
  #requests: Histogram<'method' | 'route' | 'status'>;

  constructor(ports: Pick<ApiPorts, 'live' | 'deliveries' | 'figures'>) {
    this.#requests = new Histogram({
      name: 'minivoice_http_request_seconds',
      help: 'How long REST took to answer',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10],
      registers: [this.#registry],
    });
    this.#gauge('calls_live', 'Calls that are alive', () => ports.live.size);
    const counts = () => ports.deliveries.counts;
    this.#gauge('events_pending', 'Events neither accepted nor dead', () => counts().pending);
    this.#gauge('events_oldest_seconds', 'How long the oldest waits', () => counts().oldestMs / 1000);
    this.#gauge('events_delivered', 'Events accepted since the start', () => counts().delivered);
    this.#gauge('deliveries_failed', 'Tries that failed since the start', () => counts().failed);
    this.#gauge('events_dead', 'Events given up since the start', () => counts().dead);
    for (const [name, figure] of Object.entries(ports.figures ?? {})) this.#figure(name, figure);
  }

  /** @param route as it is in the table, so that ids make no labels. */
  observe(method: string, route: string, status: number, seconds: number): void {
    this.#requests.observe({ method, route, status }, seconds);
  }

  /** In the format that Prometheus reads. */
  text(): Promise<string> {
    return Registry.merge([this.#ofProcess, this.#registry]).metrics();
  }

  #figure(name: string, figure: Figure): void {
    if ('value' in figure) this.#gauge(name, figure.help, figure.value);
    else this.#gauges(name, figure);
  }

  #gauges(name: string, { help, label, values }: Extract<Figure, { label: string }>): void {
    new Gauge({
      name: `minivoice_${name}`,
      help,
      labelNames: [label],
      registers: [this.#registry],
      collect() {
        for (const [each, value] of values()) this.set({ [label]: each }, value);
      },
    });
  }

  #gauge(name: string, help: string, value: () => number): void {
    new Gauge({
      name: `minivoice_${name}`,
      help,
      registers: [this.#registry],
      collect() {
        this.set(value());
      },
    });
  }
}

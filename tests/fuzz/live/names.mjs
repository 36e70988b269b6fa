/** Preloaded into the program under attack: it asks the name server that FUZZ_DNS names. */
import dns from 'node:dns/promises';

const changed = new WeakSet();

for (const query of ['resolve4', 'resolve6', 'resolveSrv']) {
  const ask = dns.Resolver.prototype[query];
  dns.Resolver.prototype[query] = function (...given) {
    if (!changed.has(this)) this.setServers([process.env.FUZZ_DNS]);
    changed.add(this);
    return ask.apply(this, given);
  };
}

/** Preloaded into the server under test, so that it uses the name server of FUZZ_DNS. */
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

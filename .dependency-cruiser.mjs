/**
 * Which module may import which, besides `contract/` and `core`. Lower layers know nothing of calls or customers, and
 * business modules know no drivers. `npm run check` checks it, and `npm run docs` draws it in ARCHITECTURE.md.
 */
const modules = {
  core: [],
  net: [],
  sdp: [],
  sip: ['net'],
  audio: [],
  rtp: ['audio'],
  media: ['audio', 'net', 'rtp'],
  speech: ['audio'],
  calls: ['audio', 'media'],
  actions: ['audio', 'calls', 'net', 'webhooks'],
  directory: ['calls'],
  recordings: ['audio', 'calls', 'media'],
  streams: ['calls', 'net', 'webhooks'],
  billing: ['calls', 'directory'],
  insights: ['audio', 'calls', 'recordings', 'speech'],
  webhooks: ['calls', 'net'],
  telephony: ['audio', 'calls', 'media', 'net', 'sdp', 'sip'],
  storage: ['billing', 'calls', 'directory', 'insights', 'recordings', 'webhooks'],
  api: ['actions', 'billing', 'calls', 'directory', 'insights', 'recordings', 'webhooks'],
};
modules.app = Object.keys(modules);

/** Modules that may use the types of these modules, and nothing else of them. */
const typesOnly = { calls: ['audio', 'media'] };

const TESTS = '[.](test|conformance)[.]ts$|/testing/';
const index = (names) => `^src/(${names.join('|')})/index[.]ts$`;

const layers = Object.entries(modules).map(([module, allowed]) => ({
  name: `${module}-imports`,
  comment: `src/${module} may import contract, ${['core', ...allowed].join(', ')}, each through its index.ts.`,
  severity: 'error',
  from: { path: `^src/${module}/`, pathNot: TESTS },
  to: {
    path: '^(src|e2e|tests|bench|examples|scripts)/',
    pathNot: [
      `^src/${module}/`,
      index(['core', ...allowed]),
      ...(module === 'app' ? ['^src/config[.]ts$'] : []),
    ],
  },
}));

const types = Object.entries(typesOnly).map(([module, others]) => ({
  name: `${module}-imports-types`,
  comment: `src/${module} may import only types of ${others.join(' and ')}.`,
  severity: 'error',
  from: { path: `^src/${module}/`, pathNot: TESTS },
  to: { path: index(others), dependencyTypesNot: ['type-only'] },
}));

export default {
  forbidden: [
    {
      name: 'no-cycle',
      comment: 'A cycle has no order in which to read it.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    ...layers,
    ...types,
    {
      name: 'contract-is-alone',
      comment: 'The contract knows nothing of the server.',
      severity: 'error',
      from: { path: '^contract/', pathNot: TESTS },
      to: { path: '^(src|e2e|tests|bench|examples|scripts)/' },
    },
  ],
  options: { parser: 'swc', doNotFollow: { path: 'node_modules' } },
};

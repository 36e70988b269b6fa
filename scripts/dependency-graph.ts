import { cruise } from 'dependency-cruiser';

const START = '<!-- graph -->\n';
const END = '<!-- /graph -->';

/** Puts the graph of the modules into the text of ARCHITECTURE.md, in place of the one between the two markers. */
export async function withGraph(text: string): Promise<string> {
  const [before, rest = ''] = text.split(START);
  const after = rest.slice(rest.indexOf(END));
  return `${before}${START}${await mermaid()}${after}`;
}

/** The imports between modules as a Mermaid flowchart. Every module may import `core`, and `app` imports all: both are left out. */
async function mermaid(): Promise<string> {
  const { output } = await cruise(['src'], {
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    includeOnly: ['^src/[^/]+/'],
    exclude: ['[.](test|conformance)[.]ts$', '/testing/', '^src/(app|core)/'],
    collapse: '^src/[^/]+/',
  });
  if (typeof output === 'string') throw new Error('dependency-cruiser returned a report instead of modules');
  const lines = output.modules
    .map(
      ({ source, dependencies }) =>
        [nameOf(source), dependencies.map(({ resolved }) => nameOf(resolved))] as const,
    )
    .filter(([, others]) => others.length > 0)
    .map(([name, others]) => `  ${name} --> ${[...new Set(others)].sort().join(' & ')}`);
  return ['```mermaid', 'flowchart TD', ...lines.sort(), '```', ''].join('\n');
}

const nameOf = (path: string): string => path.split('/')[1]!;

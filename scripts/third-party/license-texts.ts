import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A package of a lockfile. */
export interface Package {
  name: string;
  version: string;
  /** SPDX expression, as the package declares it. */
  license: string;
  /** Where npm puts it, below the repository. */
  path: string;
  /** Installed for tests only. */
  dev: boolean;
  /** Installed on some platforms only. */
  platform: boolean;
}

interface Text {
  body: string;
  /** Copyright lines, by package. */
  holders: Map<string, string[]>;
}

/** A section for each different license text, with the packages that it applies to. */
export function licenseTexts(root: string, packages: Package[]): string[] {
  const texts = new Map<string, Text>();
  for (const each of packages) {
    for (const file of licenseFiles(join(root, each.path))) {
      const { body, copyright } = split(readFileSync(join(root, each.path, file), 'utf8'));
      const key = `${each.license} ${body.replace(/\W+/g, ' ').trim().toLowerCase()}`;
      const text = texts.get(key) ?? { body, holders: new Map() };
      texts.set(key, text);
      text.holders.set(`${each.name} (${each.license})`, copyright);
    }
  }
  const without = packages.filter(({ path }) => licenseFiles(join(root, path)).length === 0);
  return [...[...texts.values()].map(section), ...withoutText(root, without)];
}

/** Files that hold a license or a notice. */
const licenseFiles = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => /^(licen[cs]e|copying|notice|copyright)/i.test(name))
    .sort();

/** Separates the copyright lines, which differ, from the text, which mostly does not. A text of many works stays whole. */
function split(text: string): { body: string; copyright: string[] } {
  const lines = text.replaceAll('\r', '').split('\n');
  const isCopyright = (line: string) => /^\W*(copyright\s+(\(c\)|©|\d|20)|\(c\)\s+\d)/i.test(line);
  const copyright = lines.filter(isCopyright).map((line) => line.replace(/^[\s*]+/, '').trim());
  if (copyright.length > 5) return { body: text.trim(), copyright: [] };
  const body = lines.filter((line) => !isCopyright(line)).join('\n');
  return {
    body: body
      .replace(/[ \t]+$/gm, '')
      .replace(/\n{3,}/g, '\n\n')
      .trim(),
    copyright,
  };
}

function section({ body, holders }: Text): string {
  const names = [...holders].map(([name, copyright]) => `- ${[name, ...copyright].join('; ')}`);
  return `${names.join('\n')}\n\n~~~text\n${body}\n~~~`;
}

/** Packages that declare a license without bringing its text. */
function withoutText(root: string, packages: Package[]): string[] {
  const names = packages.map(({ name, license, path }) => {
    const { author } = JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8'));
    const by = typeof author === 'object' ? author.name : author;
    return `- ${name} (${license})${by ? `; by ${by.replace(/ [<(].*/, '')}` : ''}`;
  });
  return names.length === 0
    ? []
    : [`These bring no text of the license that they declare:\n\n${names.join('\n')}`];
}

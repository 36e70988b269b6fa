import { z } from 'zod';
import { nearest } from '../contract/nearest.ts';
import { parseHostPort, parseIpAddress, parseNetwork } from '../contract/network-address.ts';

/** What is known about a setting besides its schema. */
export interface SettingInfo {
  /** The environment variable. */
  name: string;
  default: string;
  description: string;
  /** The allowed values in words; undefined if any text is allowed. */
  allowed: string | undefined;
  /** Whether its value must not be shown. */
  isSecret: boolean;
}

/** How the text of a setting is parsed. */
interface SettingType<T> {
  schema: z.ZodType<T, string>;
  allowed?: string;
}

const registry = z.registry<SettingInfo>();

/** Defines a setting. Its schema parses the variable, or the default if the variable is missing or empty. */
export function setting<T>(
  name: string,
  type: SettingType<T>,
  fallback: string,
  description: string,
  { isSecret = false } = {},
) {
  const schema = z
    .string()
    .optional()
    .transform((value) => value?.trim() || fallback)
    .pipe(type.schema);
  const { allowed } = type;
  return schema.register(registry, { name, default: fallback, description, allowed, isSecret });
}

/** Returns what was registered for the schema of a setting. */
export function infoOf(schema: z.ZodType): SettingInfo {
  const info = registry.get(schema);
  if (!info) throw new Error('this schema is not a setting');
  return info;
}

export const text: SettingType<string> = { schema: z.string() };

export const flag: SettingType<boolean> = {
  schema: z.stringbool({ truthy: ['true', '1'], falsy: ['false', '0'] }),
  allowed: 'true, false, 1 or 0',
};

/** A whole number between two bounds, which are included. */
export const wholeNumber = (from: number, to: number): SettingType<number> =>
  parsed(`a whole number from ${from} to ${to}`, (value) => parseNumber(value, from, to));

export const oneOf = <T extends string>(...values: T[]): SettingType<T> => ({
  schema: z.enum(values) as unknown as z.ZodType<T, string>,
  allowed: `one of ${values.join(', ')}`,
});

/** A port, 0 for a free one, or null for `off`. */
export const portOrOff: SettingType<number | null> = parsed(
  'off, or a whole number from 0 to 65535',
  (value) => (value === 'off' ? null : parseNumber(value, 0, 65_535)),
);

export const portRange: SettingType<{ from: number; to: number }> = parsed(
  'two ports from 1024 to 65535, at least 3 apart, such as 20000-29999',
  (value) => {
    const [from, to] = /^\d+-\d+$/.test(value) ? value.split('-').map(Number) : [];
    if (!from || !to || from < 1024 || to > 65_535 || to - from < 3) return undefined;
    return { from, to };
  },
);

export const networks: SettingType<string[]> = parsed(
  'addresses and CIDR blocks, separated by commas, such as 127.0.0.1,10.0.0.0/8',
  (value) => {
    const list = value.split(/[\s,]+/).filter(Boolean);
    return list.every((network) => parseNetwork(network)) ? list : undefined;
  },
);

export const ipAddress: SettingType<string> = parsed(
  'an IP address, without brackets or port',
  parseIpAddress,
);

/** A host without a port, or nothing. */
export const host: SettingType<string> = parsed('a host name or an IP address, without a port', (value) => {
  const literal = parseIpAddress(value);
  if (value === '' || literal !== undefined) return literal ?? '';
  const parts = parseHostPort(value);
  return parts?.port === undefined ? parts?.host : undefined;
});

/** A URL without trailing slashes, or nothing. */
export const baseUrl: SettingType<string> = parsed('a URL that begins with http:// or https://', (value) =>
  value === '' || /^https?:\/\/[^\s/]/.test(value) ? value.replace(/\/+$/, '') : undefined,
);

/** @param parse returns undefined for text that is not allowed. */
function parsed<T>(allowed: string, parse: (value: string) => T | undefined): SettingType<T> {
  const schema = z.string().transform((value, context): T => {
    const result = parse(value);
    if (result !== undefined) return result;
    context.addIssue({ code: 'custom', message: allowed });
    return z.NEVER;
  });
  return { schema, allowed };
}

const parseNumber = (value: string, from: number, to: number): number | undefined =>
  /^\d+$/.test(value) && +value >= from && +value <= to ? +value : undefined;

/** Settings of other programs: the server and key that an application uses, as in `examples/`. */
const FOREIGN = ['MINIVOICE_URL', 'MINIVOICE_API_KEY'];

/** Describes the problem of a variable that looks like a setting but is none; otherwise undefined. */
export function misspelled(variable: string, names: readonly string[]): string | undefined {
  if (!/^minivoice_/i.test(variable) || names.includes(variable) || FOREIGN.includes(variable))
    return undefined;
  const short = (name: string) => name.slice('MINIVOICE_'.length).toLowerCase();
  const close = nearest(short(variable), names.map(short));
  const similar = close
    ? [close]
    : names.map(short).filter((name) => name.split('_').includes(short(variable)));
  const suggestions = similar.slice(0, 3).map((name) => `MINIVOICE_${name.toUpperCase()}`);
  const hint =
    suggestions.length > 0
      ? `did you mean ${suggestions.join(' or ')}?`
      : 'the command config lists all settings';
  return `there is no setting ${variable}: ${hint}`;
}

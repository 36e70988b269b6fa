import { z } from 'zod';
import { parseHostPort } from '../../../contract/network-address.ts';
import type {
  ApiKey,
  Application,
  Customer,
  Did,
  Phone,
  Trunk,
  VerifiedNumber,
} from '../../directory/index.ts';
import { key, line, routeMode, text, time } from './columns.ts';
import { flag, json, tableOf } from './table.ts';

export const customers = tableOf<Customer>()('customers', { id: key, name: text, createdAt: time });

const scorecardItem = z.object({
  name: text,
  weight: z.number(),
  lookFor: z.array(text),
  speaker: z.enum(['caller', 'agent', 'any']),
  where: z.enum(['start', 'end', 'anywhere']),
});

const aiSettings = z.object({
  baseUrl: text,
  apiKey: text.nullable(),
  transcriptionModel: text.nullable(),
  chatModel: text.nullable(),
  speechModel: text.nullable(),
  speechVoice: text.nullable(),
});

export const applications = tableOf<Application>()('applications', {
  id: key,
  customerId: key,
  name: text,
  answerUrl: text,
  answerMethod: z.enum(['GET', 'POST']),
  fallbackAnswerUrl: text.nullable(),
  webhookUrl: text.nullable(),
  webhookSecrets: json(z.array(text)),
  faultMessage: text.nullable(),
  voice: text.nullable(),
  language: text.nullable(),
  aiEnabled: flag,
  recordCalls: flag,
  aiEvents: flag,
  scorecard: json(z.array(scorecardItem).nullable()),
  ai: json(aiSettings.nullable()),
  createdAt: time,
  updatedAt: time,
});

export const apiKeys = tableOf<ApiKey>()('api_keys', {
  id: key,
  applicationId: key,
  sha256: key,
  hint: text,
  createdAt: time,
  expiresAt: time.nullable(),
});

export const dids = tableOf<Did>()('dids', {
  id: key,
  customerId: key,
  applicationId: key.nullable(),
  numberE164: line.min(1),
  provider: text,
  status: z.enum(['active', 'inactive']),
  routeMode,
  routingTarget: line.nullable(),
  createdAt: time,
  updatedAt: time,
});

const host = z
  .string()
  .refine(
    (value) => parseHostPort(value) !== undefined,
    'is not a host or an address, with an optional port',
  );

export const trunks = tableOf<Trunk>()('trunks', {
  id: key,
  customerId: key.nullable(),
  name: text,
  proxy: host,
  username: line.nullable(),
  password: text.nullable(),
  realm: line.nullable(),
  fromDomain: host.nullable(),
  inboundIp: line.nullable(),
  isActive: flag,
  gatewayName: line.min(1),
  transport: z.enum(['udp', 'tcp', 'tls']),
  register: flag,
  srtp: flag,
  country: line.nullable(),
  callerIds: z.enum(['owned', 'any']),
  forwardCallerId: flag,
  createdAt: time,
  updatedAt: time,
});

export const phones = tableOf<Phone>()('phones', {
  id: key,
  customerId: key,
  username: line.min(1),
  ha1: text,
  createdAt: time,
});

export const verifiedNumbers = tableOf<VerifiedNumber>()('verified_numbers', {
  id: key,
  customerId: key,
  numberE164: line.min(1),
  createdAt: time,
});

import type { BadRow } from '../calls/index.ts';

/** A customer. Like all rows here it is plain data; times are milliseconds since 1970 (UTC). */
export interface Customer {
  id: string;
  name: string;
  createdAt: number;
}

/** An application of a customer: it answers calls with actions, and receives events. */
export interface Application {
  id: string;
  customerId: string;
  name: string;
  answerUrl: string;
  answerMethod: 'GET' | 'POST';
  fallbackAnswerUrl: string | null;
  webhookUrl: string | null;
  /** The current secret first; a second one during rotation. Empty: requests are not signed. */
  webhookSecrets: string[];
  faultMessage: string | null;
  voice: string | null;
  language: string | null;
  aiEnabled: boolean;
  recordCalls: boolean;
  /** Whether `ai.completed` and `ai.failed` are sent. */
  aiEvents: boolean;
  /** Null: the built-in scorecard. */
  scorecard: ScorecardItem[] | null;
  /** Null: the built-in engines. */
  ai: AiSettings | null;
  createdAt: number;
  updatedAt: number;
}

/** One criterion that calls are scored by. */
export interface ScorecardItem {
  name: string;
  weight: number;
  lookFor: string[];
  speaker: 'caller' | 'agent' | 'any';
  where: 'start' | 'end' | 'anywhere';
}

/** A server with the OpenAI API. Tasks without a model use the built-in engines. */
export interface AiSettings {
  /** Includes the version, such as `https://api.example.com/v1`. */
  baseUrl: string;
  apiKey: string | null;
  transcriptionModel: string | null;
  chatModel: string | null;
  speechModel: string | null;
  speechVoice: string | null;
}

/** An API key, of which only the SHA-256 is stored. */
export interface ApiKey {
  id: string;
  applicationId: string;
  /** Hex SHA-256 of the whole key. */
  sha256: string;
  /** The first characters, which distinguish keys in a list: `mv_live_ab12`. */
  hint: string;
  createdAt: number;
  /** When the key expires; null: never. */
  expiresAt: number | null;
}

/** A number that callers dial (direct inward dialing). */
export interface Did {
  id: string;
  customerId: string;
  /** Null while the number is unassigned. */
  applicationId: string | null;
  numberE164: string;
  provider: string;
  status: 'active' | 'inactive';
  routeMode: 'webhook' | 'reject' | 'sip';
  /** A SIP URI if the route mode is `sip`. */
  routingTarget: string | null;
  createdAt: number;
  updatedAt: number;
}

/** A SIP trunk to a carrier or PBX. */
export interface Trunk {
  id: string;
  /** Null: for every customer. */
  customerId: string | null;
  name: string;
  proxy: string;
  username: string | null;
  password: string | null;
  realm: string | null;
  fromDomain: string | null;
  /** The address or CIDR block that inbound calls come from. */
  inboundIp: string | null;
  isActive: boolean;
  gatewayName: string;
  transport: 'udp' | 'tcp' | 'tls';
  register: boolean;
  srtp: boolean;
  /** ISO 3166-1 country of the national number formats that the trunk sends; null: it sends E.164. */
  country: string | null;
  /** `owned`: calls show only numbers of their customer; `any`: calls show any number. */
  callerIds: 'owned' | 'any';
  /** With `owned`: forwarded calls may show the number of a caller from a trunk for every customer. */
  forwardCallerId: boolean;
  createdAt: number;
  updatedAt: number;
}

/** A customer's phone that registers with this server. */
export interface Phone {
  id: string;
  customerId: string;
  /** In lower case. */
  username: string;
  /** The MD5 hash that is stored instead of the password (RFC 7616 §3.4.2). */
  ha1: string;
  createdAt: number;
}

/** A number that a customer may show as caller ID because the operator has verified it. */
export interface VerifiedNumber {
  id: string;
  customerId: string;
  numberE164: string;
  createdAt: number;
}

/** Stores the rows of the directory; each `save` inserts or replaces one row. */
export interface DirectoryStore {
  /** Reads all rows, once at the start: the directory keeps them in memory. */
  load(): Promise<DirectoryRows>;
  saveCustomer(row: Customer): Promise<void>;
  saveApplication(row: Application): Promise<void>;
  deleteApplication(id: string): Promise<void>;
  saveKey(row: ApiKey): Promise<void>;
  deleteKey(id: string): Promise<void>;
  saveDid(row: Did): Promise<void>;
  deleteDid(id: string): Promise<void>;
  saveTrunk(row: Trunk): Promise<void>;
  deleteTrunk(id: string): Promise<void>;
  savePhone(row: Phone): Promise<void>;
  deletePhone(id: string): Promise<void>;
  saveVerifiedNumber(row: VerifiedNumber): Promise<void>;
  deleteVerifiedNumber(id: string): Promise<void>;
  /** Reports a loaded row that is unusable and therefore left out. */
  quarantine(row: BadRow): void;
}

export interface DirectoryRows {
  customers: Customer[];
  applications: Application[];
  keys: ApiKey[];
  dids: Did[];
  trunks: Trunk[];
  phones: Phone[];
  verifiedNumbers: VerifiedNumber[];
}

import type { BadRow } from '../calls/index.ts';

/** Who is who. Plain data, times in milliseconds since 1970. */
export interface Customer {
  id: string;
  name: string;
  createdAt: number;
}

export interface Application {
  id: string;
  customerId: string;
  name: string;
  answerUrl: string;
  answerMethod: 'GET' | 'POST';
  fallbackAnswerUrl: string | null;
  webhookUrl: string | null;
  /** The live secret first; a second one while it is being rotated. Empty: requests are not signed. */
  webhookSecrets: string[];
  faultMessage: string | null;
  voice: string | null;
  language: string | null;
  aiEnabled: boolean;
  recordCalls: boolean;
  /** `ai.completed` and `ai.failed` are sent. */
  aiEvents: boolean;
  /** Null: the scorecard that comes with the program. */
  scorecard: ScorecardItem[] | null;
  /** Null: the engines that come with the program. */
  ai: AiSettings | null;
  createdAt: number;
  updatedAt: number;
}

/** One thing that a good call has. */
export interface ScorecardItem {
  name: string;
  weight: number;
  lookFor: string[];
  speaker: 'caller' | 'agent' | 'any';
  where: 'start' | 'end' | 'anywhere';
}

/** A server that speaks as OpenAI's does. What has no model stays with the engines that come with the program. */
export interface AiSettings {
  /** With the version, such as `https://api.example.com/v1`. */
  baseUrl: string;
  apiKey: string | null;
  transcriptionModel: string | null;
  chatModel: string | null;
  speechModel: string | null;
  speechVoice: string | null;
}

/** An API key: only its SHA-256 is kept. */
export interface ApiKey {
  id: string;
  applicationId: string;
  /** Hex SHA-256 of the whole key. */
  sha256: string;
  /** The first characters, to tell keys apart on a page: `mv_live_ab12`. */
  hint: string;
  createdAt: number;
  /** After this it no longer opens anything; null while it is live. */
  expiresAt: number | null;
}

export interface Did {
  id: string;
  customerId: string;
  /** Null while the number is assigned to no application. */
  applicationId: string | null;
  numberE164: string;
  provider: string;
  status: 'active' | 'inactive';
  routeMode: 'webhook' | 'reject' | 'sip';
  /** A SIP URI, with route mode `sip`. */
  routingTarget: string | null;
  createdAt: number;
  updatedAt: number;
}

export interface Trunk {
  id: string;
  /** Null: for all customers. */
  customerId: string | null;
  name: string;
  proxy: string;
  username: string | null;
  password: string | null;
  realm: string | null;
  fromDomain: string | null;
  /** An address or a CIDR block that inbound calls come from. */
  inboundIp: string | null;
  isActive: boolean;
  gatewayName: string;
  transport: 'udp' | 'tcp' | 'tls';
  register: boolean;
  srtp: boolean;
  /** ISO 3166-1: the national formats of the numbers that it sends; null: it sends E.164. */
  country: string | null;
  /** `owned`: calls over it show numbers of their customer only; `any`: whatever the customer asks for. */
  callerIds: 'owned' | 'any';
  /** With `owned`: a call that is passed on may show the number of the caller who called in over a trunk for all. */
  forwardCallerId: boolean;
  createdAt: number;
  updatedAt: number;
}

/** A phone of a customer's that registers with us. */
export interface Phone {
  id: string;
  customerId: string;
  /** In lower case. */
  username: string;
  /** RFC 7616 §3.4.2, with MD5: what is kept in place of the password. */
  ha1: string;
  createdAt: number;
}

/** A number that a customer may show as caller ID without being called at it here: the operator has verified it. */
export interface VerifiedNumber {
  id: string;
  customerId: string;
  numberE164: string;
  createdAt: number;
}

/** Everything small and slow-changing, saved row by row (`save` inserts or replaces). */
export interface DirectoryStore {
  /** All of it, read once at the start: the directory is kept in memory. */
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
  /** A row that was loaded cannot be used: it is left out. */
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

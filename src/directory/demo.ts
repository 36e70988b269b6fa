import type { Directory } from './directory.ts';
import type { Application, Customer, Did } from './store.ts';

/** The rows that a new data folder starts with. */
export interface Demo {
  customer: Customer;
  application: Application;
  did: Did;
  /** The application's API key, which cannot be read again. */
  apiKey: string;
}

/**
 * Creates a customer, an application and a number in a new data folder. It can be called at once.
 * @returns undefined, and creates nothing, if a customer exists: rows that an operator has deleted stay deleted.
 */
export async function seedDemo(
  directory: Directory,
  options: { answerUrl?: string; numberE164?: string } = {},
): Promise<Demo | undefined> {
  const { answerUrl = 'builtin:demo', numberE164 = '+15550100000' } = options;
  if (directory.customers({ limit: 1 }).data.length > 0) return undefined;
  const customer = await directory.createCustomer({ name: 'Demo' });
  const customerId = customer.id;
  const created = await directory.createApplication({ customerId, name: 'Demo', answerUrl });
  const did = await directory.dids.create({ customerId, applicationId: created.application.id, numberE164 });
  return { customer, did, ...created };
}

import type { Directory } from './directory.ts';
import type { Application, Customer, Did } from './store.ts';

/** What a fresh data folder has. */
export interface Demo {
  customer: Customer;
  application: Application;
  did: Did;
  /** The application's key, known only now. */
  apiKey: string;
}

/**
 * Gives a fresh data folder a customer, an application and a number, so that it can be called at once. Does
 * nothing, and answers undefined, where there is a customer already: what an operator has removed stays removed.
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

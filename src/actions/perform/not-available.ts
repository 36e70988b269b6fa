import type { ActionType } from '../../../contract/actions/index.ts';
import { Failure } from '../../kit/index.ts';
import type { Perform } from '../flow.ts';

/** An action that is valid but that this version cannot carry out: it fails visibly on the timeline. */
export const notAvailable = <T extends ActionType>(type: T): Perform<T> => {
  return async () => {
    throw new Failure('not_available_yet', `The action ${type} is not available yet.`);
  };
};

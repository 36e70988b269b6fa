import { Failure } from '../../core/index.ts';
import type { Perform } from '../flow.ts';

const MOST = 100;

/** Sets a variable, which from now on is in every event and request of the call. */
export const setVariable: Perform<'set_variable'> = async (action, { session }) => {
  const variables = { ...session.record.variables, [action.name]: action.value };
  if (Object.keys(variables).length > MOST) {
    throw new Failure('too_many_variables', `A call has at most ${MOST} variables.`);
  }
  await session.setVariables(variables);
};

/** Removes a variable; one that is not set is no error. */
export const unsetVariable: Perform<'unset_variable'> = async (action, { session }) => {
  const { [action.name]: _removed, ...variables } = session.record.variables;
  await session.setVariables(variables);
};

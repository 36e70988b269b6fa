import { Failure } from '../../core/index.ts';
import type { Perform } from '../flow.ts';

const MAX_VARIABLES = 100;

/** Sets a variable, which every later event and request of the call contains. */
export const setVariable: Perform<'set_variable'> = async (action, { session }) => {
  const variables = { ...session.record.variables, [action.name]: action.value };
  if (Object.keys(variables).length > MAX_VARIABLES) {
    throw new Failure('too_many_variables', `A call has at most ${MAX_VARIABLES} variables.`);
  }
  await session.setVariables(variables);
};

/** Removes a variable, if it is set. */
export const unsetVariable: Perform<'unset_variable'> = async (action, { session }) => {
  const { [action.name]: _removed, ...variables } = session.record.variables;
  await session.setVariables(variables);
};

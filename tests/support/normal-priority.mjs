/**
 * Preloaded into a program, keeps it from lowering the priority of its processes: at the lowest one they would not get
 * anything done on a busy machine. Raising it is let through.
 */
import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';

const { setPriority } = os;
os.setPriority = (pid, priority) => {
  if (priority <= 0) setPriority(pid, priority);
};
syncBuiltinESMExports();

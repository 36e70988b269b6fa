import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Whether file systems can be mounted: as root, where that is allowed. */
export function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'minivoice-mount-'));
  const mounted = mount(folder, 'size=64k');
  if (mounted) unmount(folder);
  rmSync(folder, { recursive: true });
  return mounted;
}

/** Mounts a disk in memory over a folder. */
export const mount = (folder: string, options: string): boolean =>
  spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'minivoice-test', folder]).status === 0;

export const unmount = (folder: string) => spawnSync('umount', ['-l', folder]);

export const impossible = (): string | undefined =>
  canMount() ? undefined : 'skipped: file systems cannot be mounted here';

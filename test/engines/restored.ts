import { type RestoreRequest, restore } from '../../src/operate/restore.ts';

/** Puts a backup of MariaDB in the place of what is there; nobody is asked, and nothing shown. */
export function putBack(
  folder: string,
  backup: string,
  how: Pick<RestoreRequest, 'emit' | 'signal'>,
): ReturnType<typeof restore> {
  return restore({
    folder,
    service: 'mariadb',
    backup,
    agreed: async () => undefined,
    follows: () => undefined,
    ...how,
  });
}

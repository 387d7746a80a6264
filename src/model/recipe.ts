import { z } from './zod.ts';

/*
 * Recipes of images: catalog/<catalog>/images/<image>.yaml. They are data: what an image is made from, which packages it has,
 * which of their files it does without, and under which of Kolla's names it is known. docs/reference/images.md explains every key.
 */

const name = z
  .string()
  .regex(/^[a-z][a-z0-9]*([-_.][a-z0-9]+)*$/, 'must be lower-case words joined by - or _');
const packageName = z.string().regex(/^[a-z0-9][a-z0-9+.-]+$/, 'must be the name of a Debian package');
const path = z.string().regex(/^\/[^\s'"]+$/, 'must be an absolute path without spaces or quotes');
const mode = z.string().regex(/^0[0-7]{3,4}$/, 'must be an octal mode such as 0644');
const users = z.array(z.string().regex(/^[a-z][a-z0-9-]*$/)).default([]);

/** A file that is laid into the image after its packages. One of `content` and `source` (relative to the recipe's folder). */
const file = z
  .strictObject({
    path,
    content: z.string().optional(),
    source: z.string().optional(),
    mode: mode.default('0644'),
  })
  .refine((value) => (value.content === undefined) !== (value.source === undefined), {
    message: 'takes either content or source',
  });

const parts = {
  /** Debian packages, installed with what they depend on and without what they recommend. */
  packages: z.array(packageName).default([]),
  /** Packages of which only the files are taken, without their dependencies and set-up scripts. */
  unpack: z.array(packageName).default([]),
  /** Packages that are there only while `run` runs, with what they depend on. */
  tools: z.array(packageName).default([]),
  /** Patterns (dpkg's: `*` also matches `/`) of files that are left out of every package from this image on. */
  drop: z.array(path).default([]),
  /** Exceptions from `drop`. */
  keep: z.array(path).default([]),
  files: z.array(file).default([]),
  /** Shell lines, run as root after packages and files. */
  run: z.array(z.string()).default([]),
  /** Shell patterns of what is deleted last. */
  remove: z.array(path).default([]),
};

/** What is different in one release. Lists are added to the recipe's own; `without` takes packages away from them. */
const difference = z.strictObject({
  packages: parts.packages,
  without: z.array(packageName).default([]),
  unpack: parts.unpack,
  tools: parts.tools,
  drop: parts.drop,
  keep: parts.keep,
  files: parts.files,
  run: parts.run,
  remove: parts.remove,
});

/** Where an image without a parent comes from. */
const suite = z.strictObject({
  /** Debian's name for it, such as trixie. */
  suite: z.string().regex(/^[a-z]+$/),
  /** Whether Debian keeps `SUITE-updates` and `SUITE-security` for it. */
  updates: z.boolean().default(true),
  /** Whether a Release file that is past its date is taken all the same (sid's often is). */
  expired: z.boolean().default(false),
});

export const recipe = z
  .strictObject({
    image: name,
    about: z.string(),
    /** The recipe whose image this one is built on. */
    from: name.optional(),
    /** For the image that has no parent: the Debian suite of each release. */
    bootstrap: z.record(z.string(), suite).optional(),
    /** Kolla's names of this image; its own name when not given. */
    provides: z.array(name).default([]),
    /** Releases it is built for; all when empty. */
    only: z.array(z.string()).default([]),
    /** Users that are made, with their numbers (for the first image of a family). */
    accounts: z.record(z.string(), z.int().min(1)).default({}),
    /** Users of this image: members of the group `kolla`, at home in /var/lib/NAME. */
    users,
    /** Whom the processes run as when the definition says nothing else. */
    user: z.string().default('root'),
    env: z.record(z.string(), z.string()).default({}),
    ...parts,
    releases: z.record(z.string(), difference).default({}),
    /** Whether Kolla's container contract is laid into this image: into the first one of a family. */
    contract: z.boolean().default(false),
    /**
     * Scripts of images/contract/extend that become kolla_extend_start. A list: they run in turn. A map: the one runs whose key is
     * a word of the command, else the one under `default`.
     */
    extend: z.union([z.array(name), z.record(name, name)]).default([]),
    stop: z.strictObject({ signal: z.string().regex(/^SIG[A-Z0-9+]+$/) }).optional(),
    /** Why a process of this image runs as root or needs rights; printed in docs/security.md. */
    privileges: z.string().optional(),
  })
  .refine((value) => (value.from === undefined) !== (value.bootstrap === undefined), {
    message: 'takes either from or bootstrap',
  });

export type Recipe = z.infer<typeof recipe>;
export type RecipeFile = z.infer<typeof file>;
export type Suite = z.infer<typeof suite>;

/** The names under which a recipe's image is known. */
export function providedNames(value: Recipe): readonly string[] {
  return value.provides.length > 0 ? value.provides : [value.image];
}

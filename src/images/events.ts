import type { KollageError } from '../model/error.ts';

/** What a build of images tells while it goes on. Sizes are bytes, times seconds. */
export type ImageEvent =
  | { readonly type: 'begin'; readonly release: string; readonly images: readonly string[] }
  /** Another build of the same release is at work on this engine; this one waits for it. */
  | { readonly type: 'waiting'; readonly release: string }
  | { readonly type: 'step'; readonly image: string; readonly step: ImageStep }
  | {
      readonly type: 'present';
      readonly image: string;
      readonly reference: string;
    }
  | {
      readonly type: 'built';
      readonly image: string;
      readonly reference: string;
      readonly seconds: number;
      readonly size: number;
      /** What it adds to the image it is built on. */
      readonly own: number;
    }
  | {
      readonly type: 'failed';
      readonly image: string;
      readonly error: KollageError;
      /** Path of the log, and its last lines. */
      readonly log: string;
      readonly last: readonly string[];
    }
  /** Not tried, because `because` was not built. */
  | { readonly type: 'skipped'; readonly image: string; readonly because: string }
  | {
      readonly type: 'end';
      readonly seconds: number;
      readonly built: number;
      readonly present: number;
      readonly failed: number;
      readonly skipped: number;
    };

/** `bootstrap`: Debian itself; `resolve`: which versions; `fetch`: downloads; `install`, `finish`: in the image; `save`: kept by the engine. */
export type ImageStep =
  | 'bootstrap'
  | 'index'
  | 'resolve'
  | 'queue'
  | 'fetch'
  | 'install'
  | 'compile'
  | 'save';

export type Emit = (event: ImageEvent) => void;

import { z } from 'zod';

// zod would compile a function for each schema. Files are read once in a run, and for that compiling costs more than it saves
// (a quarter of the time that reading the catalog takes). Must be set before the first schema is made.
z.config({ jitless: true });

export { z };

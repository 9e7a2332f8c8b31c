// Imported first: zod must not compile its schemas by `new Function`, which the content security policy refuses.
import { z } from "zod";

z.config({ jitless: true });

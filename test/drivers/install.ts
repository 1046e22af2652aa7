/** Installs the Debian packages of the drivers' tests, so that it need not be waited for in between. Does nothing but as root. */
import { installAll } from './programs.js';

if (process.getuid?.() === 0) installAll();

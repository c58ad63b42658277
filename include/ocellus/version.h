/* Ocellus: version of this header.
 * SPDX-License-Identifier: MIT
 */
#ifndef OCELLUS_VERSION_H
#define OCELLUS_VERSION_H

/* The interface version. MAJOR is the soname: it stays 0 until the interface is frozen and then rises only when an old
 * binary would break. MINOR rises when something is added, PATCH when nothing visible changes. */
#define OC_VERSION_MAJOR 0
#define OC_VERSION_MINOR 1
#define OC_VERSION_PATCH 0

/* One number that compares as versions do: 0x00MMmmpp. */
#define OC_VERSION ((OC_VERSION_MAJOR << 16) | (OC_VERSION_MINOR << 8) | OC_VERSION_PATCH)

#endif

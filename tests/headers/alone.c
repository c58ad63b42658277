#include <ocellus/ocellus.h>

int oc_header_alone(void);
int oc_header_alone(void) { return OC_VERSION_MAJOR; }

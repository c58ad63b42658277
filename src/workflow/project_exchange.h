/* Annotation files into projects and out of them. SPDX-License-Identifier: MIT
 *
 * What a function does is stated in ocellus.h at the function of the same name. */
#ifndef OC_WORKFLOW_PROJECT_EXCHANGE_H
#define OC_WORKFLOW_PROJECT_EXCHANGE_H

#include "exchange.h"
#include "store.h"

oc_status oc__project_import(oc_exchange *report, oc_project *project, const char *source, const oc_exchange_options *options,
                             oc__progress *progress, oc_error *err);
oc_status oc__project_pull(oc_exchange *report, oc_project *project, const oc_service *service, oc__progress *progress,
                           oc_error *err);
oc_status oc__project_export(oc_exchange *report, oc_project *project, const char *path, const oc_exchange_options *options,
                             oc__progress *progress, oc_error *err);

#endif

{{- /* What a schema cannot say: values that are right each by itself, and wrong together. */}}
{{- define "operator.checks" -}}
{{- if and (gt (int .Values.replicas) 1) (not .Values.leaderElection.enabled) }}
{{- fail "replicas is more than 1, and leaderElection.enabled is false: two operators would work at the same time. Enable it, or set replicas to 1" }}
{{- end }}
{{- with .Values.leaderElection }}
{{- if and .enabled (ge (float64 .renewDeadlineSeconds) (float64 .leaseSeconds)) }}
{{- fail (printf "leaderElection.renewDeadlineSeconds is %v; it must be less than leaderElection.leaseSeconds, which is %v: another replica would take over while this one still works" .renewDeadlineSeconds .leaseSeconds) }}
{{- end }}
{{- if and .enabled (ge (float64 .retrySeconds) (float64 .renewDeadlineSeconds)) }}
{{- fail (printf "leaderElection.retrySeconds is %v; it must be less than leaderElection.renewDeadlineSeconds, which is %v: the lease would never be renewed in time" .retrySeconds .renewDeadlineSeconds) }}
{{- end }}
{{- end }}
{{- $grace := default 20 (get .Values.settings "grace_seconds") }}
{{- if le (float64 .Values.terminationGracePeriodSeconds) (float64 $grace) }}
{{- fail (printf "terminationGracePeriodSeconds is %v; it must be more than settings.grace_seconds, which is %v: pods would be killed while they finish what they have begun" .Values.terminationGracePeriodSeconds $grace) }}
{{- end }}
{{- if and .Values.watchNamespaces (eq .Values.defaultIdentity "deny") (not .Values.identities.withWatchNamespaces) }}
{{- fail "defaultIdentity is deny, and with watchNamespaces the operator may not read AWSIdentities: it could work for nobody. Set identities.withWatchNamespaces to true, or defaultIdentity to allow" }}
{{- end }}
{{- range .Values.extraEnv }}
{{- if hasPrefix "REKOGNITION_OPERATOR_" .name }}
{{- fail (printf "extraEnv has %s: settings of the operator have values of their own, or are members of settings (docs/reference/values.md). Set it there" .name) }}
{{- end }}
{{- end }}
{{- $own := list "app.kubernetes.io/name" "app.kubernetes.io/instance" "app.kubernetes.io/version" "app.kubernetes.io/managed-by" "helm.sh/chart" }}
{{- range $values, $labels := dict "podLabels" .Values.podLabels "commonLabels" .Values.commonLabels }}
{{- range $label, $_ := $labels }}
{{- if has $label $own }}
{{- fail (printf "%s has %s, which the chart sets itself. Choose another label; nameOverride changes the name in it" $values $label) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

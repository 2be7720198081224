{{/* What no schema can say; each failure names values and remedy. */}}
{{- define "loopcam.check" -}}
{{- $config := .v.config | default dict -}}
{{- if not $config.targets -}}
  {{- fail "loopcam: config.targets is missing: what is watched. Such as config: {targets: [{name: autoscaler, process: {match: autoscaler}, max_loop_time: 2m}]}" -}}
{{- end -}}
{{- include "loopcam.check.privilege" . -}}
{{- include "loopcam.check.listeners" . -}}
{{- include "loopcam.check.token" . -}}
{{- include "loopcam.check.sizes" . -}}
{{- end }}

{{- define "loopcam.check.listeners" -}}
{{- $config := .v.config -}}
{{- $metrics := $config.metrics_listen | default "0.0.0.0:9686" -}}
{{- if not (regexMatch ":[0-9]+$" $metrics) -}}
  {{- fail (printf "loopcam: config.metrics_listen %s: the pod's port and probe need its number here. Write it out, such as 0.0.0.0:9686" $metrics) -}}
{{- end -}}
{{- if regexMatch "^(127\\.|localhost:|\\[::1\\]:)" $metrics -}}
  {{- fail (printf "loopcam: config.metrics_listen %s: the kubelet's probe and Prometheus come from outside of the pod. Leave it out (0.0.0.0:9686)" $metrics) -}}
{{- end -}}
{{- $port := regexFind "[0-9]+$" $metrics -}}
{{- if or (lt (atoi $port) 1) (gt (atoi $port) 65535) -}}
  {{- fail (printf "loopcam: config.metrics_listen %s: a port is at least 1 and at most 65535. Leave it out (0.0.0.0:9686)" $metrics) -}}
{{- end -}}
{{- include "loopcam.check.control" . -}}
{{- if .v.hostNetwork -}}
  {{- if $config.listen -}}
    {{- fail (printf "loopcam: config.listen %s with hostNetwork: every process of the node could reach it. Leave it out: control and heartbeats go over config.unix" $config.listen) -}}
  {{- end -}}
  {{- if and $config.unix (not $config.unix.http) -}}
    {{- fail "loopcam: config.unix without http, with hostNetwork: nothing would take commands. Set config.unix.http, such as /run/loopcam/sockets/http.sock, or leave config.unix out" -}}
  {{- end -}}
{{- end -}}
{{- end }}

{{/* Where commands come in: nothing that the daemon would refuse when it starts. */}}
{{- define "loopcam.check.control" -}}
{{- $config := .v.config -}}
{{- $closed := and (hasKey $config "listen") (kindIs "invalid" $config.listen) -}}
{{- $listen := ternary "" ($config.listen | default "127.0.0.1:8686") (or $closed (eq .v.hostNetwork true)) -}}
{{- $metrics := $config.metrics_listen | default "0.0.0.0:9686" -}}
{{- if and $listen (eq (regexFind "[0-9]+$" $listen) (regexFind "[0-9]+$" $metrics)) -}}
  {{- fail (printf "loopcam: config.listen %s and config.metrics_listen %s have the same port. Give one of them another" $listen $metrics) -}}
{{- end -}}
{{- if and $closed (or $config.unix .standalone) (not ($config.unix | default dict).http) -}}
  {{- fail "loopcam: config.listen null: nothing would take commands. Set config.unix.http, such as /run/loopcam/sockets/http.sock, or leave config.listen out" -}}
{{- end -}}
{{- $control := $config.control | default dict -}}
{{- $guarded := or $control.allow_insecure (and $control.token_sha256 $control.tls_cert $control.tls_key) -}}
{{- if and $listen (not $guarded) (not (regexMatch "^(127\\.|localhost:|\\[::1\\]:|.*\\$\\{)" $listen)) -}}
  {{- fail (printf "loopcam: config.listen %s: others can reach it. Set config.control.token_sha256, tls_cert and tls_key, or leave it out (127.0.0.1:8686, for kubectl port-forward)" $listen) -}}
{{- end -}}
{{- end }}

{{- define "loopcam.check.token" -}}
{{- $place := "/var/run/secrets/kubernetes.io/serviceaccount" -}}
{{- if and (not .v.serviceAccountToken) (contains $place (toJson .v.config)) -}}
  {{- fail (printf "loopcam: config names a file in %s, which is masked in our container. Set serviceAccountToken: true" $place) -}}
{{- end -}}
{{- end }}

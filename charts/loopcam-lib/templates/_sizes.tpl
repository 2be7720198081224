{{/*
Whoever goes over an emptyDir's sizeLimit, or the pod's limit of ephemeral storage, has the whole pod evicted.
So what we write is bounded to 80 % of the smaller of both: the spool, the file sinks in our volume, and what lies
beside the spool: captures in progress, which no quota holds, 128 MiB each (64 MiB is the most of one evidence file,
and as much when drawn), the dashcam's rings, 16 MiB a target if not said, and 32 MiB of healthy samples.
*/}}
{{- define "loopcam.sizes" -}}
{{- $config := .v.config -}}
{{- $volume := include "loopcam.bytes" (dict "size" .v.storage.sizeLimit "name" "storage.sizeLimit") | float64 -}}
{{- $limit := get (.v.resources.limits | default dict) "ephemeral-storage" -}}
{{- $of := printf "storage.sizeLimit %v" .v.storage.sizeLimit -}}
{{- if and $limit (not .claim) -}}
  {{- $bytes := include "loopcam.bytes" (dict "size" $limit "name" "resources.limits.ephemeral-storage") | float64 -}}
  {{- if lt $bytes $volume -}}
    {{- $volume = $bytes -}}{{- $of = printf "resources.limits.ephemeral-storage %v" $limit -}}
  {{- end -}}
{{- end -}}
{{- $room := mulf $volume 0.8 -}}
{{- $elsewhere := not (hasPrefix "/var/lib/loopcam/" (printf "%s/" (($config.spool | default dict).path | default "/var/lib/loopcam/spool"))) -}}
{{- $atOnce := include "loopcam.bytes" (dict "size" ($config.captures_at_once | default 1) "name" "config.captures_at_once") -}}
{{- $captures := ternary 0.0 (mulf 134217728 (float64 $atOnce)) $elsewhere -}}
{{- $watched := ternary 0.0 (include "loopcam.watched" $config | float64) $elsewhere -}}
{{- $spool := "" -}}
{{- if $elsewhere -}}
  {{- $spool = 0.0 -}}
{{- else if ($config.spool | default dict).max_bytes -}}
  {{- $spool = include "loopcam.bytes" (dict "size" $config.spool.max_bytes "name" "config.spool.max_bytes") | float64 -}}
{{- end -}}
{{- $files := 0.0 -}}{{- $unbounded := 0 -}}
{{- range $place, $sink := $config.sinks | default (list (dict "file" (dict "path" "/var/lib/loopcam/reports"))) -}}
  {{- if include "loopcam.isOurs" $sink -}}
    {{- if $sink.file.max_bytes -}}
      {{- $name := printf "config.sinks[%d].file.max_bytes" $place -}}
      {{- $files = addf $files (include "loopcam.bytes" (dict "size" $sink.file.max_bytes "name" $name) | float64) -}}
    {{- else }}{{ $unbounded = add1 $unbounded }}{{ end -}}
  {{- end -}}
{{- end -}}
{{- /* what is left is shared out: two parts for the spool, one for each file sink */ -}}
{{- $left := subf $room $captures $watched $files ($spool | default 0.0) -}}
{{- $parts := add (ternary 2 0 (kindIs "string" $spool)) $unbounded -}}
{{- $share := divf $left (max $parts 1) | floor | int64 -}}
{{- if kindIs "string" $spool }}{{ $spool = mul 2 $share }}{{ end -}}
{{- dict "room" $room "captures" $captures "watched" $watched "spool" $spool "file" $share "files" $files "left" $left "parts" $parts "share" $share "of" $of | toJson -}}
{{- end }}

{{/* What the dashcam's rings may hold, one for each target, and healthy samples. `off` is a boolean to YAML. */}}
{{- define "loopcam.watched" -}}
{{- $rings := 0.0 -}}
{{- range $place, $target := .targets | default list -}}
  {{- $dashcam := ternary $target.dashcam (dict "mode" (toString $target.dashcam)) (kindIs "map" $target.dashcam) -}}
  {{- if not (has (toString $dashcam.mode) (list "off" "false")) -}}
    {{- $name := printf "config.targets[%d].dashcam.max_bytes" $place -}}
    {{- $each := include "loopcam.bytes" (dict "size" ($dashcam.max_bytes | default "16MiB") "name" $name) | float64 -}}
    {{- $rings = addf $rings (mulf $each (ternary (len (ternary $target.address list (kindIs "slice" $target.address))) 1 (kindIs "slice" $target.address))) -}}
  {{- end -}}
{{- end -}}
{{- printf "%.0f" (ternary (addf $rings 33554432) 0.0 (gt $rings 0.0)) -}}
{{- end }}

{{- define "loopcam.check.sizes" -}}
{{- $sizes := include "loopcam.sizes" . | fromJson -}}
{{- $least := 8388608 -}}
{{- if or (lt $sizes.left 0.0) (and (gt (int64 $sizes.parts) 0) (lt (int64 $sizes.share) $least)) -}}
  {{- $mib := 1048576.0 -}}
  {{- $taken := printf "captures in progress %s MiB (128 MiB each, config.captures_at_once)" (include "loopcam.mib" $sizes.captures) -}}
  {{- if gt $sizes.watched 0.0 -}}
    {{- $taken = printf "%s, the dashcam and healthy samples %s MiB (config.targets[].dashcam.max_bytes)" $taken (include "loopcam.mib" $sizes.watched) -}}
  {{- end -}}
  {{- with (.v.config.spool | default dict).max_bytes -}}
    {{- $taken = printf "%s, config.spool.max_bytes %s" $taken (include "loopcam.plain" .) -}}
  {{- end -}}
  {{- if gt $sizes.files 0.0 -}}
    {{- $taken = printf "%s, file sinks below /var/lib/loopcam %s MiB (config.sinks[].file.max_bytes)" $taken (include "loopcam.mib" $sizes.files) -}}
  {{- end -}}
  {{- fail (printf "loopcam: %s is too small: what loopcam writes must fit into 80 %% of it, which is %s MiB, and there are %s; whoever goes over it has the whole pod evicted. Raise it, or lower the others; left out, they share what is left" $sizes.of (include "loopcam.mib" $sizes.room) $taken) -}}
{{- end -}}
{{- end }}

{{- define "loopcam.mib" -}}
{{- divf . 1048576 | floor | int64 -}}
{{- end }}

{{/* What is written in the values: a large number comes as 2e+09. */}}
{{- define "loopcam.plain" -}}
{{- if kindIs "float64" . }}{{ printf "%.0f" . }}{{ else }}{{ . }}{{ end -}}
{{- end }}

{{/* A size as bytes, as Kubernetes writes it and as loopcam's configuration does: 1Gi, 500M, 1.5 GiB, 500MB, 1000. */}}
{{- define "loopcam.bytes" -}}
{{- $text := include "loopcam.plain" .size -}}
{{- if not (regexMatch "^[0-9]+(\\.[0-9]+)? ?(B|[kKMGT]B?|[KMGT]iB?)?$" $text) -}}
  {{- fail (printf "loopcam: %s %s: must be a number that can be added up here, such as 500MiB or 2" .name $text) -}}
{{- end -}}
{{- $unit := regexFind "[A-Za-z]*$" $text | trimSuffix "B" -}}
{{- $of := dict "" 1 "k" 1e3 "K" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 -}}
{{- printf "%.0f" (mulf (regexFind "^[0-9.]+" $text | float64) (get $of $unit)) -}}
{{- end }}

{{/*
The rungs. On all of them: every capability dropped, root file system read-only, seccomp of the runtime, and
never privileged, never hostPID.
*/}}
{{- define "loopcam.securityContext" -}}
{{- $v := .v -}}
{{- $user := $v.runAsUser -}}{{- $group := $v.runAsGroup -}}
{{- if eq $v.privilege "ptrace" -}}
  {{- $user = 0 -}}
  {{- if kindIs "invalid" $group }}{{ $group = 0 }}{{ end -}}
{{- else if and (eq $v.privilege "fileCap") (not $v.openshift) -}}
  {{- if kindIs "invalid" $user }}{{ $user = 10001 }}{{ end -}}
  {{- if kindIs "invalid" $group }}{{ $group = 10001 }}{{ end -}}
{{- end -}}
{{- if not (kindIs "invalid" $user) }}
runAsUser: {{ int64 $user }}
{{- end }}
{{- if not (kindIs "invalid" $group) }}
runAsGroup: {{ int64 $group }}
{{- end }}
runAsNonRoot: {{ or (kindIs "invalid" $user) (ne (int64 ($user | default 0)) 0) }}
{{- /* no_new_privs would keep the capability of the file from working */}}
allowPrivilegeEscalation: {{ eq $v.privilege "fileCap" }}
readOnlyRootFilesystem: true
capabilities:
  drop: ["ALL"]
  {{- if has $v.privilege (list "ptrace" "fileCap") }}
  add: ["SYS_PTRACE"]
  {{- end }}
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "loopcam.check.privilege" -}}
{{- $v := .v -}}
{{- $user := ternary -1 ($v.runAsUser | default 0 | int64) (kindIs "invalid" $v.runAsUser) -}}
{{- $group := ternary -1 ($v.runAsGroup | default 0 | int64) (kindIs "invalid" $v.runAsGroup) -}}
{{- $is := printf "loopcam: privilege %s, runAsUser %s, runAsGroup %s" $v.privilege (toJson $v.runAsUser) (toJson $v.runAsGroup) -}}
{{- if and (eq $v.privilege "ptrace") (gt $user 0) -}}
  {{- fail (printf "%s: another non-root user with SYS_PTRACE gets no ambient capability from Kubernetes' runtimes, and so could not attach. Leave runAsUser out (it is 0), or use privilege: sameUser with the target's runAsUser and runAsGroup" $is) -}}
{{- end -}}
{{- if and (eq $v.privilege "fileCap") (eq $user 0) -}}
  {{- fail (printf "%s: fileCap is for a user that is not root. Leave runAsUser out (it is 10001), or use privilege: ptrace" $is) -}}
{{- end -}}
{{- if and (eq $v.privilege "sameUser") $v.openshift (or (ge $user 0) (ge $group 0)) -}}
  {{- fail (printf "%s, openshift true: OpenShift gives every container of a pod the same user. Leave runAsUser and runAsGroup out" $is) -}}
{{- end -}}
{{- if and (eq $v.privilege "sameUser") (not $v.openshift) (or (lt $user 0) (lt $group 0)) -}}
  {{- fail (printf "%s: to attach without a capability, both must be those of the target's container. Set both; where the pod's own securityContext sets them for all containers, or OpenShift does, set openshift: true instead, which leaves them out here" $is) -}}
{{- end -}}
{{- end }}

// Generated from src/health/rules by tools/generate-health-rules.ts; change the YAML files there.
import type { WellKnownRule } from './rule.ts';

export const wellKnownRules: readonly WellKnownRule[] = [
  {
    "kinds": [
      "acid.zalan.do/postgresql"
    ],
    "failed": "text(\"status.PostgresClusterStatus\").endsWith(\"Failed\") || text(\"status.PostgresClusterStatus\") == \"Invalid\"",
    "inProgress": "text(\"status.PostgresClusterStatus\") != \"Running\"",
    "current": "true",
    "message": "text(\"status.PostgresClusterStatus\")"
  },
  {
    "kinds": [
      "addons.cluster.x-k8s.io/ClusterResourceSet"
    ],
    "failed": "isFalse(\"ResourcesApplied\")",
    "inProgress": "!isTrue(\"ResourcesApplied\") || stale()",
    "current": "true",
    "message": "explain(\"ResourcesApplied\")"
  },
  {
    "kinds": [
      "apps.3scale.net/APIManager"
    ],
    "failed": "isFalse(\"Available\") && condition(\"Available\").reason != \"\"",
    "inProgress": "!isTrue(\"Available\")",
    "current": "true",
    "message": "isFalse(\"Available\") && condition(\"Available\").reason == \"\" ? \"starting \" + list(\"status.deployments.starting\").map(d, string(d)).join(\", \") : explain(\"Available\")"
  },
  {
    "kinds": [
      "apps.kruise.io/AdvancedCronJob"
    ],
    "failed": "!flag(\"spec.paused\") && given(\"status\") && !given(\"status.lastScheduleTime\") && size(list(\"status.active\")) == 0",
    "inProgress": "!flag(\"spec.paused\") && (!given(\"status\") || size(list(\"status.active\")) > 0)",
    "suspended": "flag(\"spec.paused\")",
    "current": "true",
    "message": "size(list(\"status.active\")) > 0 ? string(size(list(\"status.active\"))) + \" active\" : given(\"status.lastScheduleTime\") ? \"last run at \" + text(\"status.lastScheduleTime\") : \"never ran\""
  },
  {
    "kinds": [
      "apps.kruise.io/BroadcastJob",
      "apps.kruise.io/ImagePullJob"
    ],
    "failed": "text(\"status.phase\") == \"failed\" || isTrue(\"Failed\")",
    "inProgress": "text(\"status.phase\") in [\"\", \"running\"] && !given(\"status.completionTime\")",
    "suspended": "text(\"status.phase\") == \"paused\"",
    "current": "text(\"status.phase\") == \"completed\" || given(\"status.completionTime\")",
    "message": "string(count(\"status.succeeded\")) + \" of \" + string(count(\"status.desired\")) + \" succeeded, \" + string(count(\"status.active\")) + \" active, \" + string(count(\"status.failed\")) + \" failed\""
  },
  {
    "kinds": [
      "apps.kruise.io/CloneSet",
      "apps.kruise.io/StatefulSet"
    ],
    "failed": "!unobserved() && !flag(\"spec.updateStrategy.paused\") && !flag(\"spec.updateStrategy.rollingUpdate.paused\") && text(\"spec.updateStrategy.partition\") in [\"\", \"0\"] && text(\"spec.updateStrategy.rollingUpdate.partition\") in [\"\", \"0\"] && count(\"status.updatedAvailableReplicas\") < count(\"status.replicas\")",
    "inProgress": "unobserved()",
    "suspended": "flag(\"spec.updateStrategy.paused\") || flag(\"spec.updateStrategy.rollingUpdate.paused\") || !(text(\"spec.updateStrategy.partition\") in [\"\", \"0\"] && text(\"spec.updateStrategy.rollingUpdate.partition\") in [\"\", \"0\"])",
    "current": "true",
    "message": "unobserved() ? \"\" : string(count(\"status.updatedAvailableReplicas\")) + \" of \" + string(count(\"status.replicas\")) + \" replicas updated and available\""
  },
  {
    "kinds": [
      "apps.kruise.io/DaemonSet"
    ],
    "failed": "!unobserved() && !flag(\"spec.updateStrategy.rollingUpdate.paused\") && text(\"spec.updateStrategy.rollingUpdate.partition\") in [\"\", \"0\"] && (count(\"status.updatedNumberScheduled\") < count(\"status.desiredNumberScheduled\") || count(\"status.numberAvailable\") < count(\"status.desiredNumberScheduled\"))",
    "inProgress": "unobserved()",
    "suspended": "flag(\"spec.updateStrategy.rollingUpdate.paused\") || !(text(\"spec.updateStrategy.rollingUpdate.partition\") in [\"\", \"0\"])",
    "current": "true",
    "message": "unobserved() ? \"\" : string(count(\"status.numberAvailable\")) + \" of \" + string(count(\"status.desiredNumberScheduled\")) + \" pods available, \" + string(count(\"status.updatedNumberScheduled\")) + \" updated\""
  },
  {
    "kinds": [
      "apps.openshift.io/DeploymentConfig"
    ],
    "failed": "isFalse(\"Available\") || isFalse(\"Progressing\")",
    "inProgress": "!flag(\"spec.paused\") && (stale() || !given(\"status.conditions\") || condition(\"Progressing\").reason != \"NewReplicationControllerAvailable\" && condition(\"Progressing\").type != \"\")",
    "suspended": "flag(\"spec.paused\")",
    "current": "true",
    "message": "isFalse(\"Available\") ? explain(\"Available\") : explain(\"Progressing\")"
  },
  {
    "kinds": [
      "argoproj.io/AnalysisRun",
      "argoproj.io/Experiment",
      "argoproj.io/Workflow"
    ],
    "failed": "text(\"status.phase\") in [\"Failed\", \"Error\"]",
    "inProgress": "text(\"status.phase\") in [\"\", \"Pending\", \"Running\"] && !flag(\"spec.suspend\")",
    "suspended": "flag(\"spec.suspend\") && text(\"status.phase\") in [\"\", \"Pending\", \"Running\"]",
    "unknown": "text(\"status.phase\") == \"Inconclusive\"",
    "current": "text(\"status.phase\") in [\"Successful\", \"Succeeded\"]",
    "message": "text(\"status.message\") != \"\" ? text(\"status.message\") : text(\"status.phase\") != \"\" ? \"phase \" + text(\"status.phase\") : \"not started yet\""
  },
  {
    "kinds": [
      "argoproj.io/Application"
    ],
    "failed": "text(\"status.health.status\") == \"Degraded\"",
    "inProgress": "text(\"status.health.status\") in [\"\", \"Progressing\"]",
    "suspended": "text(\"status.health.status\") == \"Suspended\"",
    "missing": "text(\"status.health.status\") == \"Missing\"",
    "unknown": "text(\"status.health.status\") == \"Unknown\"",
    "current": "text(\"status.health.status\") == \"Healthy\"",
    "message": "text(\"status.health.message\") != \"\" ? text(\"status.health.message\") : given(\"status.health\") ? \"health \" + text(\"status.health.status\") + \", sync \" + text(\"status.sync.status\") : \"\""
  },
  {
    "kinds": [
      "argoproj.io/ApplicationSet"
    ],
    "failed": "isTrue(\"ErrorOccurred\")",
    "inProgress": "!isTrue(\"ResourcesUpToDate\")",
    "current": "true",
    "message": "isTrue(\"ErrorOccurred\") ? explain(\"ErrorOccurred\") : explain(\"ResourcesUpToDate\")"
  },
  {
    "kinds": [
      "argoproj.io/CronWorkflow"
    ],
    "failed": "isTrue(\"SpecError\") || isTrue(\"SubmissionError\")",
    "suspended": "flag(\"spec.suspend\")",
    "current": "true",
    "message": "isTrue(\"SpecError\") ? explain(\"SpecError\") : isTrue(\"SubmissionError\") ? explain(\"SubmissionError\") : isTrue(\"Completed\") ? explain(\"Completed\") : \"scheduled\""
  },
  {
    "kinds": [
      "argoproj.io/EventBus",
      "argoproj.io/EventSource",
      "argoproj.io/Sensor"
    ],
    "failed": "conditions().exists(c, c.status == \"False\")",
    "inProgress": "size(conditions()) == 0 || conditions().exists(c, c.status != \"True\")",
    "current": "true",
    "message": "explain(\"Deployed\")"
  },
  {
    "kinds": [
      "argoproj.io/Rollout"
    ],
    "failed": "!stale() && given(\"status\") && !flag(\"spec.paused\") && (text(\"status.phase\") == \"Degraded\" || isTrue(\"InvalidSpec\") || text(\"status.phase\") == \"\" && condition(\"Progressing\").reason in [\"RolloutAborted\", \"ProgressDeadlineExceeded\"])",
    "inProgress": "!flag(\"spec.paused\") && (!given(\"status\") || stale() || text(\"status.phase\") == \"Progressing\" || given(\"status.workloadObservedGeneration\") && annotation(\"rollout.argoproj.io/workload-generation\") != \"\" && text(\"status.workloadObservedGeneration\") != annotation(\"rollout.argoproj.io/workload-generation\") || text(\"status.phase\") == \"\" && size(list(\"status.pauseConditions\")) == 0 && condition(\"Progressing\").reason != \"RolloutPaused\" && (count(\"status.updatedReplicas\") < (given(\"spec.replicas\") ? count(\"spec.replicas\") : 1) || given(\"spec.strategy.canary\") && count(\"status.replicas\") > count(\"status.updatedReplicas\") || count(\"status.availableReplicas\") < count(\"status.updatedReplicas\") || given(\"spec.strategy.canary\") && !(text(\"status.stableRS\") + text(\"status.canary.stableRS\") in [\"\", text(\"status.currentPodHash\")]) || given(\"spec.strategy.blueGreen\") && text(\"status.blueGreen.activeSelector\") != text(\"status.currentPodHash\")))",
    "suspended": "flag(\"spec.paused\") || text(\"status.phase\") == \"Paused\" && !stale() || text(\"status.phase\") == \"\" && (size(list(\"status.pauseConditions\")) > 0 || condition(\"Progressing\").reason == \"RolloutPaused\")",
    "current": "true",
    "message": "text(\"status.message\") != \"\" ? text(\"status.message\") : condition(\"Progressing\").message"
  },
  {
    "kinds": [
      "astra.netapp.io/Application"
    ],
    "failed": "isFalse(\"Ready\")",
    "inProgress": "!isTrue(\"Ready\")",
    "current": "true",
    "message": "isFalse(\"Ready\") ? explain(\"Ready\") : given(\"status.protectionState\") ? \"protection \" + text(\"status.protectionState\") : \"\""
  },
  {
    "kinds": [
      "astra.netapp.io/ExecHook"
    ],
    "inProgress": "!given(\"spec.enabled\")",
    "suspended": "given(\"spec.enabled\") && !flag(\"spec.enabled\")",
    "current": "true",
    "message": "flag(\"spec.enabled\") ? \"enabled\" : \"\""
  },
  {
    "kinds": [
      "astra.netapp.io/Backup",
      "astra.netapp.io/Snapshot",
      "astra.netapp.io/ExecHooksRun",
      "astra.netapp.io/ResourceBackup",
      "astra.netapp.io/ResourceRestore",
      "astra.netapp.io/ResticVolumeBackup",
      "astra.netapp.io/ResticVolumeRestore",
      "astra.netapp.io/AppVault",
      "astra.netapp.io/BackupRestore",
      "astra.netapp.io/BackupInplaceRestore",
      "astra.netapp.io/SnapshotRestore",
      "astra.netapp.io/SnapshotInplaceRestore"
    ],
    "failed": "text(\"status.state\").lower() in [\"failed\", \"error\"]",
    "inProgress": "!(text(\"status.state\").lower() in [\"completed\", \"available\"])",
    "current": "true",
    "message": "text(\"status.error\") != \"\" ? text(\"status.error\") : text(\"status.state\")"
  },
  {
    "kinds": [
      "camel.apache.org/Integration",
      "camel.apache.org/IntegrationKit",
      "camel.apache.org/IntegrationPlatform",
      "camel.apache.org/Pipe",
      "camel.apache.org/Build"
    ],
    "failed": "text(\"status.phase\") in [\"Error\", \"Failed\", \"Cannot Deploy\", \"Cannot Monitor\", \"Import Missing\"]",
    "inProgress": "!(text(\"status.phase\") in [\"Running\", \"Ready\", \"Succeeded\"])",
    "current": "true",
    "message": "conditions().exists(c, c.status == \"False\" && c.reason == \"Error\") ? conditions().filter(c, c.status == \"False\" && c.reason == \"Error\").map(c, c.message).join(\"; \") : text(\"status.phase\") == \"\" ? \"\" : \"phase \" + text(\"status.phase\")"
  },
  {
    "kinds": [
      "capabilities.3scale.net/Backend",
      "capabilities.3scale.net/Product"
    ],
    "failed": "isTrue(\"Failed\") || isTrue(\"Invalid\")",
    "inProgress": "!isTrue(\"Synced\")",
    "current": "true"
  },
  {
    "kinds": [
      "capabilities.3scale.net/*"
    ],
    "failed": "isTrue(\"Failed\") || isTrue(\"Invalid\") || isFalse(\"Ready\") && !isTrue(\"Waiting\") && !isTrue(\"In-progress\") && text(\"status.state\") != \"suspended\"",
    "inProgress": "isTrue(\"In-progress\") || generic() == \"\" && !isTrue(\"Waiting\") && text(\"status.state\") != \"suspended\" && text(\"status.developerUserState\") != \"suspended\" && text(\"status.accountState\") != \"suspended\"",
    "suspended": "isTrue(\"Waiting\") || text(\"status.state\") == \"suspended\" || text(\"status.developerUserState\") == \"suspended\" || text(\"status.accountState\") == \"suspended\"",
    "current": "isTrue(\"Ready\") || isTrue(\"Synced\")",
    "message": "isTrue(\"Waiting\") ? explain(\"Waiting\") : \"\""
  },
  {
    "kinds": [
      "cassandra.rook.io/Cluster"
    ],
    "inProgress": "size(values(\"status.racks\")) == 0 || values(\"status.racks\").exists(rack, count(rack, \"readyMembers\") < count(rack, \"members\"))",
    "current": "true",
    "message": "size(values(\"status.racks\")) == 0 ? \"\" : string(size(values(\"status.racks\").filter(rack, count(rack, \"readyMembers\") >= count(rack, \"members\")))) + \" of \" + string(size(values(\"status.racks\"))) + \" racks complete\""
  },
  {
    "kinds": [
      "cdi.kubevirt.io/DataVolume",
      "cdi.kubevirt.io/DataImportCron"
    ],
    "failed": "text(\"status.phase\") in [\"Failed\", \"Unknown\"] || isFalse(\"Running\") && condition(\"Running\").reason == \"Error\"",
    "inProgress": "text(\"status.phase\") in [\"\", \"Pending\", \"PVCBound\"] && !isTrue(\"UpToDate\") || text(\"status.phase\").endsWith(\"InProgress\") || text(\"status.phase\").endsWith(\"Scheduled\") || text(\"status.phase\").endsWith(\"Ready\")",
    "suspended": "text(\"status.phase\") == \"Paused\"",
    "current": "text(\"status.phase\") in [\"Succeeded\", \"WaitForFirstConsumer\", \"PendingPopulation\"] || isTrue(\"UpToDate\")",
    "message": "condition(\"Running\").reason == \"Error\" ? condition(\"Running\").message : text(\"status.phase\") == \"\" ? \"\" : \"phase \" + text(\"status.phase\") + (text(\"status.progress\") == \"\" ? \"\" : \", progress \" + text(\"status.progress\"))"
  },
  {
    "kinds": [
      "ceph.rook.io/CephCluster"
    ],
    "failed": "text(\"status.ceph.health\") in [\"HEALTH_WARN\", \"HEALTH_ERR\"] && text(\"status.state\") in [\"Created\", \"Connected\", \"\"] || text(\"status.state\") == \"Error\"",
    "inProgress": "text(\"status.ceph.health\") != \"HEALTH_OK\" || !(text(\"status.state\") in [\"Created\", \"Connected\"])",
    "current": "true",
    "message": "(text(\"status.ceph.health\") == \"\" ? \"\" : text(\"status.ceph.health\") + \": \") + text(\"status.message\") + (given(\"status.ceph.details\") ? \" (\" + values(\"status.ceph.details\").map(d, text(d, \"message\")).join(\"; \") + \")\" : \"\")"
  },
  {
    "kinds": [
      "ceph.rook.io/*"
    ],
    "failed": "text(\"status.phase\").endsWith(\"Failure\") || text(\"status.phase\").endsWith(\"Failed\")",
    "inProgress": "!(text(\"status.phase\") in [\"Ready\", \"Connected\", \"Created\", \"Reconciled\"]) && text(\"status.phase\") != \"\" || generic() == \"\"",
    "current": "true",
    "message": "text(\"status.phase\") == \"\" ? \"\" : \"phase \" + text(\"status.phase\") + (text(\"status.info.endpoint\") == \"\" ? \"\" : \" at \" + text(\"status.info.endpoint\"))"
  },
  {
    "kinds": [
      "cert-manager.io/Certificate",
      "certmanager.k8s.io/Certificate"
    ],
    "failed": "isFalse(\"Ready\") && !isTrue(\"Issuing\")",
    "inProgress": "isTrue(\"Issuing\") || !isTrue(\"Ready\")",
    "current": "true",
    "message": "isTrue(\"Issuing\") ? explain(\"Issuing\") : explain(\"Ready\")"
  },
  {
    "kinds": [
      "cert-manager.io/CertificateRequest"
    ],
    "failed": "isTrue(\"Denied\") || isTrue(\"InvalidRequest\") || isFalse(\"Ready\") && condition(\"Ready\").reason in [\"Failed\", \"Denied\"]",
    "inProgress": "!isTrue(\"Ready\")",
    "current": "true",
    "message": "explain(\"Ready\")"
  },
  {
    "kinds": [
      "cert-manager.io/Issuer",
      "cert-manager.io/ClusterIssuer",
      "certmanager.k8s.io/Issuer",
      "certmanager.k8s.io/ClusterIssuer"
    ],
    "failed": "isFalse(\"Ready\")",
    "inProgress": "!isTrue(\"Ready\")",
    "current": "true",
    "message": "explain(\"Ready\")"
  },
  {
    "kinds": [
      "cilium.io/CiliumNetworkPolicy",
      "cilium.io/CiliumClusterwideNetworkPolicy"
    ],
    "failed": "isFalse(\"Valid\")",
    "message": "explain(\"Valid\")"
  },
  {
    "kinds": [
      "cluster.x-k8s.io/Cluster"
    ],
    "failed": "!flag(\"spec.paused\") && text(\"status.phase\") == \"Failed\"",
    "inProgress": "!flag(\"spec.paused\") && (text(\"status.phase\") != \"Provisioned\" || stale() || isFalse(\"Ready\") || isFalse(\"ControlPlaneReady\") || isFalse(\"InfrastructureReady\"))",
    "suspended": "flag(\"spec.paused\")",
    "current": "true",
    "message": "isFalse(\"Ready\") ? explain(\"Ready\") : \"phase \" + text(\"status.phase\")"
  },
  {
    "kinds": [
      "cluster.x-k8s.io/Machine"
    ],
    "failed": "text(\"status.phase\") == \"Failed\"",
    "inProgress": "text(\"status.phase\") != \"Running\" || isFalse(\"Ready\")",
    "current": "true",
    "message": "isFalse(\"Ready\") ? explain(\"Ready\") : \"phase \" + text(\"status.phase\")"
  },
  {
    "kinds": [
      "cluster.x-k8s.io/MachineDeployment",
      "cluster.x-k8s.io/MachineSet"
    ],
    "failed": "!flag(\"spec.paused\") && text(\"status.phase\") == \"Failed\"",
    "inProgress": "!flag(\"spec.paused\") && (stale() || text(\"status.phase\") in [\"ScalingUp\", \"ScalingDown\"] || count(\"status.readyReplicas\") < count(\"spec.replicas\"))",
    "suspended": "flag(\"spec.paused\")",
    "unknown": "text(\"status.phase\") == \"Unknown\"",
    "current": "true",
    "message": "string(count(\"status.readyReplicas\")) + \" of \" + string(count(\"spec.replicas\")) + \" machines ready, phase \" + text(\"status.phase\")"
  },
  {
    "kinds": [
      "cluster.x-k8s.io/MachineHealthCheck"
    ],
    "failed": "count(\"status.currentHealthy\") < count(\"status.expectedMachines\")",
    "inProgress": "!given(\"status\")",
    "current": "true",
    "message": "!given(\"status\") ? \"\" : string(count(\"status.currentHealthy\")) + \" of \" + string(count(\"status.expectedMachines\")) + \" machines healthy\""
  },
  {
    "kinds": [
      "cluster.x-k8s.io/MachinePool"
    ],
    "failed": "text(\"status.phase\") == \"Failed\"",
    "inProgress": "text(\"status.phase\") != \"Running\"",
    "current": "true",
    "message": "conditions().exists(c, c.status == \"False\") ? text(\"status.phase\") + \": \" + conditions().filter(c, c.status == \"False\").map(c, c.type + \" is False (\" + c.reason + \")\").join(\", \") : \"phase \" + text(\"status.phase\")"
  },
  {
    "kinds": [
      "*.cnrm.cloud.google.com/*"
    ],
    "failed": "!stale() && isFalse(\"Ready\") && !(condition(\"Ready\").reason in [\"\", \"DependencyNotReady\", \"Updating\", \"Creating\", \"Deleting\"])",
    "inProgress": "stale() || condition(\"Ready\").reason == \"\" || !isTrue(\"Ready\") && (condition(\"Ready\").reason in [\"Updating\", \"Creating\", \"Deleting\"] || condition(\"Ready\").status != \"False\")",
    "suspended": "isFalse(\"Ready\") && condition(\"Ready\").reason == \"DependencyNotReady\"",
    "current": "true",
    "message": "explain(\"Ready\")"
  },
  {
    "kinds": [
      "constraints.gatekeeper.sh/*"
    ],
    "failed": "list(\"status.byPod\").exists(p, size(list(p, \"errors\")) > 0)",
    "inProgress": "size(list(\"status.byPod\")) == 0 || list(\"status.byPod\").exists(p, given(p, \"enforced\") && !flag(p, \"enforced\"))",
    "current": "true",
    "message": "list(\"status.byPod\").exists(p, size(list(p, \"errors\")) > 0) ? list(\"status.byPod\").map(p, list(p, \"errors\").map(e, text(e, \"message\")).join(\"; \")).filter(t, t != \"\").join(\"; \") : list(\"status.byPod\").exists(p, flag(p, \"enforced\")) ? string(count(\"status.totalViolations\")) + \" violations\" : \"not enforced yet\""
  },
  {
    "kinds": [
      "controlplane.cluster.x-k8s.io/*"
    ],
    "failed": "list(\"status.conditions\").exists(c, text(c, \"status\") == \"False\" && text(c, \"severity\") == \"Error\")",
    "inProgress": "!text(\"kind\").endsWith(\"Template\") && !flag(\"status.ready\") && !isTrue(\"Ready\") && !isTrue(\"Available\")",
    "current": "true",
    "message": "list(\"status.conditions\").filter(c, text(c, \"status\") == \"False\" && text(c, \"severity\") == \"Error\").map(c, text(c, \"message\")).join(\" \")"
  },
  {
    "kinds": [
      "core.gardener.cloud/Shoot"
    ],
    "failed": "!flag(\"spec.hibernation.enabled\") && (size(conditions()) == 0 || text(\"status.lastOperation.state\") in [\"Error\", \"Failed\", \"Aborted\"])",
    "inProgress": "!flag(\"spec.hibernation.enabled\") && (isFalse(\"APIServerAvailable\") || text(\"status.lastOperation.state\") in [\"Processing\", \"Pending\"])",
    "suspended": "flag(\"spec.hibernation.enabled\")",
    "unknown": "conditions().exists(c, c.status != \"True\")",
    "current": "true",
    "message": "size(conditions()) == 0 ? \"no conditions reported\" : text(\"status.lastOperation.state\") == \"Succeeded\" && conditions().exists(c, c.status != \"True\") ? conditions().filter(c, c.status != \"True\").map(c, c.type + \" is \" + c.status).join(\", \") : text(\"status.lastOperation.description\")"
  },
  {
    "kinds": [
      "core.humio.com/*"
    ],
    "failed": "text(\"status.state\") == \"ConfigError\"",
    "inProgress": "text(\"status.state\") in [\"\", \"Restarting\", \"Upgrading\", \"Pending\"]",
    "missing": "text(\"status.state\") == \"NotFound\"",
    "unknown": "text(\"status.state\") == \"Unknown\"",
    "current": "text(\"status.state\") in [\"Exists\", \"Running\"]",
    "message": "text(\"status.message\") != \"\" ? text(\"status.message\") : text(\"status.state\") == \"\" ? \"\" : \"state \" + text(\"status.state\")"
  },
  {
    "kinds": [
      "core.spinkube.dev/SpinApp"
    ],
    "failed": "condition(\"Progressing\").reason == \"ProgressDeadlineExceeded\" || isFalse(\"Available\") && !isTrue(\"Progressing\")",
    "inProgress": "isTrue(\"Progressing\") || !isTrue(\"Available\")",
    "current": "true",
    "message": "isTrue(\"Available\") && condition(\"Progressing\").reason == \"NewReplicaSetAvailable\" && isFalse(\"Progressing\") ? string(count(\"status.readyReplicas\")) + \" of \" + string(count(\"spec.replicas\")) + \" replicas ready\" : explain(\"Progressing\")"
  },
  {
    "kinds": [
      "*.crossplane.io/*",
      "crossplane.io/*",
      "*.upbound.io/*"
    ],
    "failed": "isFalse(\"LastAsyncOperation\") || isFalse(\"Synced\") && condition(\"Synced\").reason != \"ReconcilePaused\" || isFalse(\"Healthy\") || isFalse(\"Installed\") || isFalse(\"RevisionHealthy\") || isFalse(\"ValidPipeline\")",
    "inProgress": "size(conditions()) == 0 && !(text(\"kind\") in [\"Composition\", \"CompositionRevision\", \"ClusterProviderConfig\", \"ControllerConfig\", \"DeploymentRuntimeConfig\", \"EnvironmentConfig\", \"ImageConfig\", \"Lock\", \"ManagedResourceActivationPolicy\", \"ProviderConfig\", \"ProviderConfigUsage\", \"StoreConfig\"]) || condition(\"Synced\").reason != \"ReconcilePaused\" && [\"Ready\", \"Established\", \"Offered\", \"Healthy\", \"Installed\", \"RevisionHealthy\"].exists(t, condition(t).type != \"\" && !isTrue(t))",
    "suspended": "condition(\"Synced\").reason == \"ReconcilePaused\" || isFalse(\"Responsive\") && annotation(\"crossplane.io/paused\") == \"true\"",
    "current": "true",
    "message": "size(conditions()) == 0 ? (text(\"kind\").endsWith(\"Config\") || text(\"kind\").startsWith(\"Composition\") ? \"needs no status\" : \"\") : conditions().exists(c, c.status == \"False\" && c.message != \"\") ? conditions().filter(c, c.status == \"False\").map(c, c.reason + \": \" + c.message).join(\"; \") : conditions().map(c, c.reason).join(\", \")"
  },
  {
    "kinds": [
      "flagger.app/Canary"
    ],
    "failed": "text(\"status.phase\") == \"Failed\"",
    "inProgress": "text(\"status.phase\") in [\"\", \"Initializing\", \"Waiting\", \"Progressing\", \"WaitingPromotion\", \"Promoting\", \"Finalising\", \"Terminating\"]",
    "current": "text(\"status.phase\") in [\"Initialized\", \"Succeeded\", \"Terminated\"]",
    "message": "(text(\"status.phase\") == \"\" ? \"\" : text(\"status.phase\") + \", weight \" + text(\"status.canaryWeight\") + \" %: \") + condition(\"Promoted\").message"
  },
  {
    "kinds": [
      "flink.apache.org/FlinkDeployment",
      "flink.apache.org/FlinkSessionJob"
    ],
    "failed": "text(\"status.reconciliationStatus.error\") != \"\" || text(\"status.error\") != \"\" || text(\"status.jobManagerDeploymentStatus\") == \"ERROR\" || text(\"status.jobStatus.state\") == \"FAILED\" || text(\"status.lifecycleState\") == \"FAILED\"",
    "inProgress": "text(\"spec.job.state\").lower() != \"suspended\" && !(text(\"status.jobStatus.state\") in [\"RUNNING\", \"FINISHED\"] && text(\"status.jobManagerDeploymentStatus\") in [\"READY\", \"\"]) && !(text(\"status.jobManagerDeploymentStatus\") == \"READY\" && !given(\"spec.job\"))",
    "suspended": "text(\"spec.job.state\").lower() == \"suspended\" || text(\"status.lifecycleState\") == \"SUSPENDED\"",
    "current": "text(\"status.jobManagerDeploymentStatus\") in [\"READY\", \"\"] && text(\"status.jobStatus.state\") in [\"RUNNING\", \"FINISHED\"] || text(\"status.jobManagerDeploymentStatus\") == \"READY\" && !given(\"spec.job\")",
    "message": "text(\"status.reconciliationStatus.error\") != \"\" ? text(\"status.reconciliationStatus.error\") : text(\"status.error\") != \"\" ? text(\"status.error\") : \"job manager \" + text(\"status.jobManagerDeploymentStatus\") + \", job \" + text(\"status.jobStatus.state\")"
  },
  {
    "kinds": [
      "fluentd.fluent.io/Fluentd"
    ],
    "failed": "text(\"status.errors\") != \"\" || text(\"status.configState\") == \"Invalid\"",
    "message": "text(\"status.errors\")"
  },
  {
    "kinds": [
      "game.kruise.io/GameServer"
    ],
    "failed": "text(\"status.currentState\") == \"Crash\" || conditions().exists(c, c.status == \"False\") || conditions(\"status.podStatus.conditions\").exists(c, c.status == \"False\") && text(\"status.currentState\") == text(\"status.desiredState\")",
    "inProgress": "given(\"status.currentState\") && text(\"status.currentState\") != text(\"status.desiredState\") && text(\"status.desiredState\") != \"\"",
    "unknown": "text(\"status.currentState\") == \"\"",
    "current": "true",
    "message": "text(\"status.currentState\") != text(\"status.desiredState\") ? text(\"status.currentState\") + \", wanted \" + text(\"status.desiredState\") : conditions(\"status.podStatus.conditions\").filter(c, c.status == \"False\").map(c, c.type + \" is False\").join(\", \")"
  },
  {
    "kinds": [
      "game.kruise.io/GameServerSet"
    ],
    "inProgress": "!flag(\"spec.updateStrategy.rollingUpdate.paused\") && (unobserved() || count(\"status.readyReplicas\") < count(\"spec.replicas\") || count(\"status.updatedReadyReplicas\") < count(\"spec.replicas\") && count(\"spec.updateStrategy.rollingUpdate.partition\") == 0)",
    "suspended": "flag(\"spec.updateStrategy.rollingUpdate.paused\")",
    "current": "true",
    "message": "string(count(\"status.readyReplicas\")) + \" of \" + string(count(\"spec.replicas\")) + \" ready, \" + string(count(\"status.updatedReadyReplicas\")) + \" updated\""
  },
  {
    "kinds": [
      "gateway.networking.k8s.io/*Policy",
      "gateway.networking.x-k8s.io/*Policy",
      "microgateway.airlock.com/*",
      "gateway.envoyproxy.io/*Policy",
      "gateway.nginx.org/*Policy"
    ],
    "failed": "list(\"status.ancestors\").exists(a, list(a, \"conditions\").exists(c, text(c, \"type\") in [\"Accepted\", \"ResolvedRefs\"] && text(c, \"status\") == \"False\" && !(count(c, \"observedGeneration\") > 0 && count(c, \"observedGeneration\") < count(\"metadata.generation\"))))",
    "inProgress": "size(list(\"status.ancestors\")) == 0 || list(\"status.ancestors\").exists(a, size(conditions(a, \"conditions\")) == 0 || list(a, \"conditions\").exists(c, text(c, \"status\") != \"True\" || count(c, \"observedGeneration\") > 0 && count(c, \"observedGeneration\") < count(\"metadata.generation\")))",
    "current": "true",
    "message": "list(\"status.ancestors\").map(a, conditions(a, \"conditions\").filter(c, c.status != \"True\").map(c, text(a, \"ancestorRef.name\") + \": \" + c.message).join(\"; \")).filter(t, t != \"\").join(\"; \")"
  },
  {
    "kinds": [
      "gateway.networking.k8s.io/Gateway",
      "gateway.networking.k8s.io/ListenerSet",
      "gateway.networking.x-k8s.io/XListenerSet"
    ],
    "failed": "list(\"status.conditions\").exists(c, text(c, \"type\") in [\"Accepted\", \"ResolvedRefs\"] && text(c, \"status\") == \"False\" && !(count(c, \"observedGeneration\") > 0 && count(c, \"observedGeneration\") < count(\"metadata.generation\")))",
    "inProgress": "!isTrue(\"Programmed\") || !isTrue(\"Accepted\") || list(\"status.conditions\").exists(c, count(c, \"observedGeneration\") > 0 && count(c, \"observedGeneration\") < count(\"metadata.generation\"))",
    "current": "true",
    "message": "conditions().exists(c, c.type in [\"Accepted\", \"ResolvedRefs\"] && c.status == \"False\") ? conditions().filter(c, c.status == \"False\").map(c, c.type + \": \" + c.message).join(\"; \") : explain(\"Programmed\")"
  },
  {
    "kinds": [
      "gateway.networking.k8s.io/*Route"
    ],
    "failed": "list(\"status.parents\").exists(p, list(p, \"conditions\").exists(c, text(c, \"type\") in [\"Accepted\", \"ResolvedRefs\"] && text(c, \"status\") == \"False\" && !(count(c, \"observedGeneration\") > 0 && count(c, \"observedGeneration\") < count(\"metadata.generation\"))))",
    "inProgress": "size(list(\"status.parents\")) == 0 || list(\"status.parents\").exists(p, size(conditions(p, \"conditions\")) == 0 || list(p, \"conditions\").exists(c, text(c, \"status\") != \"True\" || count(c, \"observedGeneration\") > 0 && count(c, \"observedGeneration\") < count(\"metadata.generation\")))",
    "current": "true",
    "message": "list(\"status.parents\").map(p, conditions(p, \"conditions\").filter(c, c.status != \"True\").map(c, text(p, \"parentRef.name\") + \": \" + c.message).join(\"; \")).filter(t, t != \"\").join(\"; \")"
  },
  {
    "kinds": [
      "grafana.integreatly.org/Grafana"
    ],
    "failed": "text(\"status.stageStatus\") == \"failed\"",
    "inProgress": "text(\"status.stage\") != \"complete\" || text(\"status.stageStatus\") != \"success\"",
    "current": "true",
    "message": "text(\"status.stage\") == \"\" ? \"\" : \"stage \" + text(\"status.stage\") + \" \" + text(\"status.stageStatus\")"
  },
  {
    "kinds": [
      "grafana.integreatly.org/*"
    ],
    "failed": "flag(\"status.NoMatchingInstances\") || isTrue(\"NoMatchingInstance\") || isTrue(\"NoMatchingInstances\") || isTrue(\"InvalidSpec\") || conditions().exists(c, c.type.endsWith(\"Synchronized\") && c.status == \"False\")",
    "inProgress": "!given(\"status.hash\") && !conditions().exists(c, c.type.endsWith(\"Synchronized\") && c.status == \"True\")",
    "suspended": "flag(\"spec.suspend\")",
    "current": "true",
    "message": "flag(\"status.NoMatchingInstances\") ? \"no instance matches its selector\" : conditions().map(c, c.reason + \": \" + c.message).join(\"; \")"
  },
  {
    "kinds": [
      "*.k8s.elastic.co/Agent",
      "*.k8s.elastic.co/ApmServer",
      "*.k8s.elastic.co/Beat",
      "*.k8s.elastic.co/ElasticMapsServer",
      "*.k8s.elastic.co/Elasticsearch",
      "*.k8s.elastic.co/EnterpriseSearch",
      "*.k8s.elastic.co/Kibana",
      "*.k8s.elastic.co/Logstash"
    ],
    "failed": "text(\"status.health\") == \"red\" || text(\"status.phase\") == \"Invalid\"",
    "inProgress": "text(\"status.phase\") in [\"ApplyingChanges\", \"MigratingData\"] || text(\"status.health\") == \"yellow\" && !(text(\"kind\") == \"Elasticsearch\" && count(\"status.availableNodes\") == 1)",
    "unknown": "!(text(\"status.health\") in [\"green\", \"yellow\"])",
    "current": "true",
    "message": "text(\"status.health\") == \"\" ? \"health not reported yet\" : \"health \" + text(\"status.health\") + (text(\"status.phase\") == \"\" ? \"\" : \", phase \" + text(\"status.phase\"))"
  },
  {
    "kinds": [
      "k8s.keycloak.org/*"
    ],
    "failed": "isTrue(\"HasErrors\")",
    "inProgress": "!isTrue(\"Ready\") && !isTrue(\"Done\")",
    "current": "true",
    "message": "isTrue(\"HasErrors\") ? explain(\"HasErrors\") : isFalse(\"Ready\") ? explain(\"Ready\") : \"\""
  },
  {
    "kinds": [
      "k8s.mariadb.com/*",
      "mariadb.mmontes.io/*"
    ],
    "failed": "isFalse(\"Ready\") && (condition(\"Ready\").reason.endsWith(\"Failed\") || condition(\"Ready\").message.contains(\"rror\")) || condition(\"Complete\").reason.endsWith(\"Failed\") || condition(\"Complete\").message == \"Failed\"",
    "inProgress": "!flag(\"spec.suspend\") && (size(conditions()) == 0 || conditions().exists(c, c.type in [\"Ready\", \"Complete\"] && c.status != \"True\" && !c.reason.startsWith(\"CronJob\")))",
    "suspended": "flag(\"spec.suspend\")",
    "current": "true",
    "message": "condition(\"Complete\").type != \"\" ? explain(\"Complete\") : explain(\"Ready\")"
  },
  {
    "kinds": [
      "kafka.banzaicloud.io/KafkaCluster"
    ],
    "failed": "text(\"status.state\") == \"ClusterRunning\" && (values(\"status.brokersState\").exists(b, text(b, \"configurationState\") != \"ConfigInSync\") || text(\"status.cruiseControlTopicStatus\") != \"CruiseControlTopicReady\")",
    "inProgress": "text(\"status.state\") != \"ClusterRunning\"",
    "current": "true",
    "message": "text(\"status.state\") == \"\" ? \"\" : text(\"status.state\") + \", \" + string(size(values(\"status.brokersState\").filter(b, text(b, \"configurationState\") == \"ConfigInSync\"))) + \" of \" + string(size(values(\"status.brokersState\"))) + \" brokers in sync, \" + text(\"status.cruiseControlTopicStatus\")"
  },
  {
    "kinds": [
      "kafka.strimzi.io/Kafka",
      "kafka.strimzi.io/KafkaBridge",
      "kafka.strimzi.io/KafkaConnect",
      "kafka.strimzi.io/KafkaConnector",
      "kafka.strimzi.io/KafkaMirrorMaker",
      "kafka.strimzi.io/KafkaMirrorMaker2",
      "kafka.strimzi.io/KafkaRebalance",
      "kafka.strimzi.io/KafkaTopic",
      "kafka.strimzi.io/KafkaUser"
    ],
    "failed": "isTrue(\"NotReady\") && condition(\"NotReady\").reason != \"Creating\"",
    "inProgress": "!isTrue(\"ReconciliationPaused\") && !isTrue(\"Ready\") && !conditions().exists(c, c.type in [\"ProposalReady\", \"Stopped\"] && c.status == \"True\")",
    "suspended": "isTrue(\"ReconciliationPaused\")",
    "current": "true",
    "message": "isTrue(\"NotReady\") ? explain(\"NotReady\") : isTrue(\"ReconciliationPaused\") ? \"reconciliation is paused\" : \"\""
  },
  {
    "kinds": [
      "karpenter.sh/NodeClaim"
    ],
    "failed": "!isTrue(\"Disrupting\") && (isFalse(\"Ready\") && isTrue(\"Initialized\") || isFalse(\"Launched\"))",
    "inProgress": "!isTrue(\"Disrupting\") && !isTrue(\"Ready\")",
    "suspended": "isTrue(\"Disrupting\")",
    "current": "true",
    "message": "isTrue(\"Disrupting\") ? explain(\"Disrupting\") : isFalse(\"Launched\") ? explain(\"Launched\") : explain(\"Ready\")"
  },
  {
    "kinds": [
      "keda.sh/ScaledObject",
      "keda.sh/ScaledJob"
    ],
    "failed": "isFalse(\"Ready\") && !isTrue(\"Paused\") && annotation(\"autoscaling.keda.sh/paused\") != \"true\"",
    "inProgress": "!isTrue(\"Ready\") && !isTrue(\"Paused\") && annotation(\"autoscaling.keda.sh/paused\") != \"true\"",
    "suspended": "isTrue(\"Paused\") || annotation(\"autoscaling.keda.sh/paused\") == \"true\"",
    "current": "true",
    "message": "isTrue(\"Paused\") ? explain(\"Paused\") : explain(\"Ready\")"
  },
  {
    "kinds": [
      "kiali.io/*",
      "awx.ansible.com/*"
    ],
    "failed": "conditions().exists(c, c.type == \"Failure\" && c.status == \"True\")",
    "inProgress": "!conditions().exists(c, c.type == \"Successful\" && c.status == \"True\")",
    "current": "conditions().exists(c, c.type == \"Successful\" && c.status == \"True\")",
    "message": "conditions().filter(c, c.status == \"True\" && c.type in [\"Failure\", \"Successful\"]).map(c, c.message).join(\"; \")"
  },
  {
    "kinds": [
      "kubernetes-client.io/ExternalSecret"
    ],
    "failed": "text(\"status.status\").startsWith(\"ERROR\")",
    "inProgress": "text(\"status.status\") != \"SUCCESS\"",
    "current": "true",
    "message": "text(\"status.status\") == \"\" ? \"\" : text(\"status.status\")"
  },
  {
    "kinds": [
      "kubevirt.io/VirtualMachine"
    ],
    "failed": "text(\"status.printableStatus\") in [\"CrashLoopBackOff\", \"ErrorUnschedulable\", \"ErrImagePull\", \"ImagePullBackOff\", \"ErrorPvcNotFound\", \"ErrorDataVolumeNotFound\", \"DataVolumeError\", \"Unknown\"] || isTrue(\"Failure\")",
    "inProgress": "!(text(\"status.printableStatus\") in [\"Running\", \"Stopped\", \"Paused\"]) && !isTrue(\"Paused\")",
    "suspended": "text(\"status.printableStatus\") in [\"Stopped\", \"Paused\"] || isTrue(\"Paused\")",
    "current": "text(\"status.printableStatus\") == \"Running\"",
    "message": "text(\"status.printableStatus\") + (isFalse(\"Ready\") && condition(\"Ready\").message != \"\" ? \" (\" + condition(\"Ready\").message + \")\" : \"\")"
  },
  {
    "kinds": [
      "kubevirt.io/VirtualMachineInstance"
    ],
    "failed": "text(\"status.phase\") in [\"Failed\", \"Unknown\"]",
    "inProgress": "text(\"status.phase\") in [\"\", \"Pending\", \"Scheduling\", \"Scheduled\"] || text(\"status.phase\") == \"Running\" && isFalse(\"Ready\") && !isTrue(\"Paused\")",
    "suspended": "text(\"status.phase\") == \"Succeeded\" || isTrue(\"Paused\")",
    "current": "text(\"status.phase\") == \"Running\" && !isFalse(\"Ready\")",
    "message": "text(\"status.phase\") == \"\" ? \"\" : \"phase \" + text(\"status.phase\") + (isFalse(\"Ready\") ? \": \" + explain(\"Ready\") : \"\")"
  },
  {
    "kinds": [
      "loki.grafana.com/LokiStack",
      "tempo.grafana.com/TempoStack",
      "tempo.grafana.com/TempoMonolithic"
    ],
    "failed": "isTrue(\"Failed\") || isTrue(\"Degraded\") || isTrue(\"ConfigurationError\")",
    "inProgress": "!isTrue(\"Ready\")",
    "current": "true"
  },
  {
    "kinds": [
      "longhorn.io/Volume"
    ],
    "failed": "text(\"status.robustness\") in [\"faulted\", \"degraded\"]",
    "inProgress": "text(\"status.state\") in [\"\", \"creating\", \"attaching\", \"detaching\", \"deleting\"]",
    "current": "text(\"status.robustness\") == \"healthy\" || text(\"status.state\") == \"detached\"",
    "message": "\"state \" + text(\"status.state\") + \", robustness \" + text(\"status.robustness\")"
  },
  {
    "kinds": [
      "metrics.keptn.sh/Analysis"
    ],
    "failed": "text(\"status.state\") == \"Completed\" && !flag(\"status.pass\") && !flag(\"status.warning\")",
    "inProgress": "text(\"status.state\") != \"Completed\"",
    "current": "true",
    "message": "text(\"status.state\") + (given(\"status.pass\") ? \", pass is \" + text(\"status.pass\") : \"\")"
  },
  {
    "kinds": [
      "metrics.keptn.sh/KeptnMetric"
    ],
    "failed": "text(\"status.errMsg\") != \"\"",
    "inProgress": "text(\"status.value\") == \"\"",
    "current": "true",
    "message": "text(\"status.errMsg\") != \"\" ? text(\"status.errMsg\") : text(\"status.value\") == \"\" ? \"no value yet\" : \"value \" + text(\"status.value\")"
  },
  {
    "kinds": [
      "minio.min.io/Tenant"
    ],
    "failed": "!(text(\"status.currentState\") in [\"\", \"Initialized\"]) && ![\"Provisioning\", \"Waiting\", \"Restarting\", \"Updating\", \"Creating\", \"Initializing\", \"Decommissioning\", \"Adding\"].exists(step, text(\"status.currentState\").startsWith(step))",
    "inProgress": "[\"\", \"Provisioning\", \"Waiting\", \"Restarting\", \"Updating\", \"Creating\", \"Initializing\", \"Decommissioning\", \"Adding\"].exists(step, step == \"\" ? text(\"status.currentState\") == \"\" : text(\"status.currentState\").startsWith(step))",
    "current": "true",
    "message": "text(\"status.currentState\")"
  },
  {
    "kinds": [
      "mongodbcommunity.mongodb.com/*",
      "mongodb.com/*"
    ],
    "failed": "text(\"status.phase\") == \"Failed\"",
    "inProgress": "text(\"status.phase\") in [\"\", \"Pending\", \"Reconciling\"]",
    "current": "text(\"status.phase\") in [\"Running\", \"Updated\"]",
    "message": "text(\"status.phase\") == \"\" ? \"\" : \"phase \" + text(\"status.phase\") + (text(\"status.message\") == \"\" ? \"\" : \": \" + text(\"status.message\"))"
  },
  {
    "kinds": [
      "monitoring.coreos.com/Prometheus",
      "monitoring.coreos.com/PrometheusAgent",
      "monitoring.coreos.com/Alertmanager",
      "monitoring.coreos.com/ThanosRuler"
    ],
    "failed": "!flag(\"status.paused\") && !flag(\"spec.paused\") && (isFalse(\"Available\") || isFalse(\"Reconciled\"))",
    "inProgress": "!flag(\"status.paused\") && !flag(\"spec.paused\") && !isTrue(\"Available\")",
    "suspended": "flag(\"status.paused\") || flag(\"spec.paused\")",
    "current": "true",
    "message": "isFalse(\"Reconciled\") ? explain(\"Reconciled\") : isTrue(\"Available\") ? string(count(\"status.availableReplicas\")) + \" of \" + string(count(\"status.replicas\")) + \" replicas available\" : explain(\"Available\")"
  },
  {
    "kinds": [
      "mysql.oracle.com/InnoDBCluster"
    ],
    "failed": "text(\"status.cluster.status\") in [\"OFFLINE\", \"NO_QUORUM\", \"INVALID\", \"UNKNOWN\", \"ONLINE_PARTIAL\"]",
    "inProgress": "text(\"status.cluster.status\") != \"ONLINE\"",
    "current": "true",
    "message": "text(\"status.cluster.status\") == \"\" ? \"\" : text(\"status.cluster.status\") + \", \" + string(count(\"status.cluster.onlineInstances\")) + \" instances online\""
  },
  {
    "kinds": [
      "networking.gke.io/ManagedCertificate"
    ],
    "failed": "list(\"status.domainStatus\").exists(d, text(d, \"status\").startsWith(\"Failed\")) || text(\"status.certificateStatus\").endsWith(\"Failed\") || text(\"status.certificateStatus\").endsWith(\"FailedPermanently\")",
    "inProgress": "size(list(\"status.domainStatus\")) == 0 || list(\"status.domainStatus\").exists(d, text(d, \"status\") != \"Active\")",
    "current": "true",
    "message": "list(\"status.domainStatus\").map(d, text(d, \"domain\") + \" \" + text(d, \"status\")).join(\", \")"
  },
  {
    "kinds": [
      "networking.istio.io/*",
      "security.istio.io/*",
      "telemetry.istio.io/*",
      "extensions.istio.io/*"
    ],
    "failed": "list(\"status.validationMessages\").exists(m, text(m, \"level\") == \"ERROR\")",
    "inProgress": "isFalse(\"Reconciled\")",
    "current": "isTrue(\"Reconciled\")",
    "message": "list(\"status.validationMessages\").map(m, text(m, \"type.code\") + \" \" + text(m, \"type.name\")).join(\", \")"
  },
  {
    "kinds": [
      "nmstate.io/NodeNetworkConfigurationPolicy",
      "nmstate.io/NodeNetworkConfigurationEnactment"
    ],
    "failed": "isTrue(\"Degraded\") || isTrue(\"Failing\")",
    "inProgress": "!isTrue(\"Available\") && !isTrue(\"Ignored\") && !isTrue(\"Aborted\")",
    "suspended": "isTrue(\"Ignored\") || isTrue(\"Aborted\")",
    "current": "true",
    "message": "isTrue(\"Degraded\") ? explain(\"Degraded\") : isTrue(\"Ignored\") ? explain(\"Ignored\") : isTrue(\"Available\") ? explain(\"Available\") : \"\""
  },
  {
    "kinds": [
      "numaflow.numaproj.io/*",
      "numaplane.numaproj.io/*"
    ],
    "failed": "!stale() && (text(\"status.phase\") == \"Failed\" || !(text(\"status.phase\") in [\"Paused\", \"Pausing\", \"Pending\"]) && conditions().exists(c, c.status == \"False\" && c.type != \"PipelinePausingOrPaused\" && c.type != \"MonoVertexPausingOrPaused\"))",
    "inProgress": "unobserved() || text(\"status.phase\") in [\"\", \"Pending\", \"Pausing\", \"Deleting\"] || conditions().exists(c, c.status == \"Unknown\")",
    "suspended": "!stale() && text(\"status.phase\") == \"Paused\"",
    "current": "true",
    "message": "stale() ? \"\" : text(\"status.phase\") == \"Failed\" ? text(\"status.message\") : conditions().exists(c, c.status == \"False\") ? conditions().filter(c, c.status == \"False\").map(c, c.type + \": \" + c.message).join(\"; \") : text(\"status.phase\") == \"\" ? \"\" : \"phase \" + text(\"status.phase\")"
  },
  {
    "kinds": [
      "openfaas.com/Function"
    ],
    "failed": "isTrue(\"Stalled\") || isFalse(\"Ready\")",
    "inProgress": "!isTrue(\"Ready\")",
    "suspended": "isFalse(\"Healthy\")",
    "current": "true",
    "message": "isTrue(\"Stalled\") ? explain(\"Stalled\") : isFalse(\"Healthy\") ? \"no replicas available\" : explain(\"Ready\")"
  },
  {
    "kinds": [
      "opentelemetry.io/OpenTelemetryCollector"
    ],
    "failed": "text(\"status.scale.statusReplicas\").startsWith(\"0/\") && text(\"status.scale.statusReplicas\") != \"0/0\"",
    "inProgress": "text(\"spec.mode\") != \"sidecar\" && !text(\"status.scale.statusReplicas\").endsWith(\"/\" + text(\"status.scale.statusReplicas\").split(\"/\")[0])",
    "current": "text(\"spec.mode\") == \"sidecar\" || text(\"status.scale.statusReplicas\") != \"\" && text(\"status.scale.statusReplicas\").endsWith(\"/\" + text(\"status.scale.statusReplicas\").split(\"/\")[0])",
    "message": "text(\"status.scale.statusReplicas\") == \"\" ? \"\" : text(\"status.scale.statusReplicas\") + \" replicas ready\""
  },
  {
    "kinds": [
      "operator.knative.dev/*"
    ],
    "failed": "conditions().exists(c, !(c.status in [\"True\", \"Unknown\"]))",
    "inProgress": "size(conditions()) == 0 || conditions().exists(c, c.status == \"Unknown\") || stale()",
    "current": "true",
    "message": "conditions().exists(c, c.status != \"True\") ? conditions().filter(c, c.status != \"True\").map(c, c.type + \" is \" + c.status + (c.message == \"\" ? \"\" : \": \" + c.message)).join(\"; \") : size(conditions()) == 0 || stale() ? \"\" : \"all conditions are True\""
  },
  {
    "kinds": [
      "operator.openshift.io/IngressController",
      "config.openshift.io/ClusterOperator"
    ],
    "failed": "isTrue(\"Degraded\")",
    "inProgress": "!isTrue(\"Available\") || isTrue(\"Progressing\")",
    "current": "true",
    "message": "isTrue(\"Degraded\") ? explain(\"Degraded\") : isTrue(\"Progressing\") ? explain(\"Progressing\") : explain(\"Available\")"
  },
  {
    "kinds": [
      "operator.victoriametrics.com/*"
    ],
    "failed": "text(\"status.updateStatus\") == \"failed\"",
    "inProgress": "text(\"status.updateStatus\") in [\"\", \"expanding\", \"horizontal_scale\", \"updating\"] && !flag(\"spec.paused\") || stale()",
    "suspended": "text(\"status.updateStatus\") == \"paused\" || flag(\"spec.paused\")",
    "current": "text(\"status.updateStatus\") == \"operational\" && !stale()",
    "message": "text(\"status.reason\") != \"\" ? text(\"status.reason\") : text(\"status.updateStatus\")"
  },
  {
    "kinds": [
      "operators.coreos.com/InstallPlan",
      "operators.coreos.com/ClusterServiceVersion"
    ],
    "failed": "text(\"status.phase\") == \"Failed\"",
    "inProgress": "!(text(\"status.phase\") in [\"Complete\", \"Succeeded\", \"RequiresApproval\"])",
    "suspended": "text(\"status.phase\") == \"RequiresApproval\"",
    "current": "text(\"status.phase\") in [\"Complete\", \"Succeeded\"]",
    "message": "text(\"status.message\") != \"\" ? text(\"status.message\") : text(\"status.phase\") == \"\" ? \"\" : \"phase \" + text(\"status.phase\")"
  },
  {
    "kinds": [
      "operators.coreos.com/Subscription"
    ],
    "failed": "isTrue(\"CatalogSourcesUnhealthy\") || isTrue(\"InstallPlanFailed\") || isTrue(\"ResolutionFailed\") || isTrue(\"BundleUnpackFailed\") || text(\"status.state\") in [\"UpgradeFailed\", \"Failed\"]",
    "inProgress": "text(\"status.state\") == \"\" || text(\"status.state\") == \"UpgradePending\" && text(\"spec.installPlanApproval\") != \"Manual\" || isTrue(\"InstallPlanPending\") && text(\"status.state\") != \"AtLatestKnown\" && text(\"spec.installPlanApproval\") != \"Manual\"",
    "suspended": "text(\"status.state\") == \"UpgradePending\" && text(\"spec.installPlanApproval\") == \"Manual\"",
    "current": "true",
    "message": "isTrue(\"CatalogSourcesUnhealthy\") ? explain(\"CatalogSourcesUnhealthy\") : isTrue(\"ResolutionFailed\") ? explain(\"ResolutionFailed\") : isTrue(\"InstallPlanFailed\") ? explain(\"InstallPlanFailed\") : text(\"status.state\") == \"\" ? \"\" : \"state \" + text(\"status.state\")"
  },
  {
    "kinds": [
      "platform.confluent.io/Connector"
    ],
    "failed": "text(\"status.state\") == \"ERROR\" || text(\"status.connectorState\") == \"FAILED\" || isFalse(\"platform.confluent.io/app-ready\")",
    "inProgress": "text(\"status.connectorState\") != \"RUNNING\" && !(text(\"status.connectorState\") in [\"PAUSED\", \"STOPPED\"])",
    "suspended": "text(\"status.connectorState\") in [\"PAUSED\", \"STOPPED\"]",
    "current": "true",
    "message": "isFalse(\"platform.confluent.io/app-ready\") ? explain(\"platform.confluent.io/app-ready\") : text(\"status.connectorState\") == \"\" ? \"\" : \"connector \" + text(\"status.connectorState\") + \", tasks \" + text(\"status.tasksReady\")"
  },
  {
    "kinds": [
      "policy.open-cluster-management.io/Policy",
      "policy.open-cluster-management.io/ConfigurationPolicy",
      "policy.open-cluster-management.io/OperatorPolicy",
      "policy.open-cluster-management.io/CertificatePolicy"
    ],
    "failed": "text(\"status.compliant\") == \"NonCompliant\"",
    "inProgress": "text(\"status.compliant\") != \"Compliant\" && !flag(\"spec.disabled\")",
    "suspended": "flag(\"spec.disabled\")",
    "current": "text(\"status.compliant\") == \"Compliant\"",
    "message": "explain(\"Compliant\") != \"\" ? explain(\"Compliant\") : size(list(\"status.status\")) > 0 ? list(\"status.status\").map(c, text(c, \"clustername\") + \" is \" + text(c, \"compliant\")).join(\", \") : size(list(\"status.compliancyDetails\")) > 0 ? list(\"status.compliancyDetails\").map(d, conditions(d, \"conditions\").map(c, c.type + \": \" + c.message).join(\"; \")).join(\"; \") : size(values(\"status.compliancyDetails\")) > 0 ? values(\"status.compliancyDetails\").map(d, text(d, \"message\")).join(\" \") : text(\"status.compliant\")"
  },
  {
    "kinds": [
      "postgresql.cnpg.io/Cluster"
    ],
    "failed": "!isTrue(\"cnpg.io/hibernation\") && [\"Failing over\", \"Not enough disk space\", \"Unable to create\", \"Cluster has incomplete\", \"Cluster cannot\", \"Cluster is unrecoverable\", \"Cluster upgrade failed\", \"Major version upgrade failed\", \"Unexpected error\", \"Image catalog\"].exists(start, text(\"status.phase\").startsWith(start)) || text(\"status.phase\").endsWith(\"failed\")",
    "inProgress": "!isTrue(\"cnpg.io/hibernation\") && text(\"status.phase\") != \"Cluster in healthy state\" && text(\"status.phase\") != \"Waiting for user action\"",
    "suspended": "isTrue(\"cnpg.io/hibernation\") || text(\"status.phase\") == \"Waiting for user action\"",
    "current": "true",
    "message": "isTrue(\"cnpg.io/hibernation\") ? explain(\"cnpg.io/hibernation\") : text(\"status.phase\") + (text(\"status.phaseReason\") == \"\" ? \"\" : \": \" + text(\"status.phaseReason\")) + (given(\"spec.instances\") ? \" (\" + string(count(\"status.readyInstances\")) + \" of \" + string(count(\"spec.instances\")) + \" instances ready)\" : \"\")"
  },
  {
    "kinds": [
      "postgresql.cnpg.io/Backup",
      "postgresql.cnpg.io/Pooler",
      "postgresql.cnpg.io/Database",
      "postgresql.cnpg.io/Publication",
      "postgresql.cnpg.io/Subscription"
    ],
    "failed": "text(\"status.phase\") == \"failed\" || text(\"status.applied\") == \"false\"",
    "inProgress": "!(text(\"status.phase\") == \"completed\" || flag(\"status.applied\") || given(\"status.instances\"))",
    "current": "text(\"status.phase\") == \"completed\" || flag(\"status.applied\") || given(\"status.instances\")",
    "message": "text(\"status.error\") != \"\" ? text(\"status.error\") : text(\"status.message\") != \"\" ? text(\"status.message\") : text(\"status.phase\") != \"\" ? \"phase \" + text(\"status.phase\") : \"\""
  },
  {
    "kinds": [
      "proclaim.dogmatiq.io/DNSSDServiceInstance"
    ],
    "failed": "isFalse(\"Adopted\") || isFalse(\"Advertised\") && condition(\"Advertised\").reason.contains(\"Error\")",
    "inProgress": "!isTrue(\"Discoverable\") && condition(\"Discoverable\").status != \"Unknown\" || stale()",
    "unknown": "condition(\"Discoverable\").status == \"Unknown\" && condition(\"Discoverable\").message != \"\"",
    "current": "true",
    "message": "isFalse(\"Adopted\") ? explain(\"Adopted\") : condition(\"Discoverable\").type != \"\" ? explain(\"Discoverable\") : explain(\"Advertised\")"
  },
  {
    "kinds": [
      "promoter.argoproj.io/ArgoCDCommitStatus",
      "promoter.argoproj.io/ChangeTransferPolicy",
      "promoter.argoproj.io/ClusterScmProvider",
      "promoter.argoproj.io/CommitStatus",
      "promoter.argoproj.io/GitCommitStatus",
      "promoter.argoproj.io/GitRepository",
      "promoter.argoproj.io/PromotionStrategy",
      "promoter.argoproj.io/PullRequest",
      "promoter.argoproj.io/ScmProvider",
      "promoter.argoproj.io/TimedCommitStatus",
      "promoter.argoproj.io/WebRequestCommitStatus"
    ],
    "failed": "isFalse(\"Ready\") || text(\"status.phase\") == \"failure\" || list(\"status.environments\").exists(e, text(e, \"phase\") == \"failure\") || list(\"status.applicationsSelected\").exists(a, text(a, \"phase\") == \"failure\") || list(\"status.environments\").exists(e, list(e, \"active.commitStatuses\").exists(s, text(s, \"phase\") == \"failure\") || list(e, \"proposed.commitStatuses\").exists(s, text(s, \"phase\") == \"failure\")) || list(\"status.active.commitStatuses\").exists(s, text(s, \"phase\") == \"failure\") || list(\"status.proposed.commitStatuses\").exists(s, text(s, \"phase\") == \"failure\")",
    "inProgress": "!isTrue(\"Ready\") || list(\"status.conditions\").exists(c, text(c, \"type\") == \"Ready\" && count(c, \"observedGeneration\") != 0 && count(c, \"observedGeneration\") < count(\"metadata.generation\")) || text(\"status.phase\") == \"pending\" || list(\"status.environments\").exists(e, text(e, \"phase\") == \"pending\" || text(e, \"active.dry.sha\") != text(e, \"proposed.dry.sha\")) || list(\"status.applicationsSelected\").exists(a, text(a, \"phase\") == \"pending\") || text(\"status.active.dry.sha\") != text(\"status.proposed.dry.sha\") || list(\"status.active.commitStatuses\").exists(s, text(s, \"phase\") == \"pending\") || list(\"status.environments\").exists(e, list(e, \"active.commitStatuses\").exists(s, text(s, \"phase\") == \"pending\"))",
    "current": "true",
    "message": "!isTrue(\"Ready\") ? explain(\"Ready\") : text(\"status.phase\") != \"\" ? \"phase \" + text(\"status.phase\") : list(\"status.environments\").map(e, text(e, \"branch\") + (text(e, \"phase\") != \"\" ? \" \" + text(e, \"phase\") : text(e, \"active.dry.sha\") == text(e, \"proposed.dry.sha\") ? \" at \" + text(e, \"active.dry.sha\") : \" at \" + text(e, \"active.dry.sha\") + \", proposed \" + text(e, \"proposed.dry.sha\"))).join(\"; \")"
  },
  {
    "kinds": [
      "psmdb.percona.com/PerconaServerMongoDB",
      "pgv2.percona.com/*",
      "ps.percona.com/*"
    ],
    "failed": "text(\"status.state\") == \"error\"",
    "inProgress": "text(\"status.state\") in [\"initializing\", \"stopping\"]",
    "suspended": "text(\"status.state\") == \"paused\"",
    "unknown": "text(\"status.state\") != \"ready\"",
    "current": "text(\"status.state\") == \"ready\"",
    "message": "string(count(\"status.ready\")) + \" of \" + string(count(\"status.size\")) + \" nodes ready\" + (size(list(\"status.message\")) > 0 ? \": \" + list(\"status.message\").map(m, string(m)).join(\"; \") : \"\")"
  },
  {
    "kinds": [
      "pxc.percona.com/PerconaXtraDBCluster"
    ],
    "failed": "text(\"status.state\") in [\"error\", \"stopping\"]",
    "inProgress": "text(\"status.state\") == \"initializing\"",
    "unknown": "text(\"status.state\") != \"ready\"",
    "current": "text(\"status.state\") == \"ready\"",
    "message": "string(count(\"status.ready\")) + \" of \" + string(count(\"status.size\")) + \" nodes ready, state \" + text(\"status.state\")"
  },
  {
    "kinds": [
      "rabbitmq.com/RabbitmqCluster"
    ],
    "failed": "isFalse(\"ReconcileSuccess\") || isFalse(\"ClusterAvailable\")",
    "inProgress": "!isTrue(\"ClusterAvailable\") || !isTrue(\"AllReplicasReady\")",
    "current": "true",
    "message": "isFalse(\"ReconcileSuccess\") ? explain(\"ReconcileSuccess\") : isTrue(\"ClusterAvailable\") ? explain(\"AllReplicasReady\") : explain(\"ClusterAvailable\")"
  },
  {
    "kinds": [
      "rabbitmq.com/*"
    ],
    "failed": "isFalse(\"Ready\")",
    "unknown": "!isTrue(\"Ready\")",
    "current": "true",
    "message": "explain(\"Ready\")"
  },
  {
    "kinds": [
      "redhatcop.redhat.io/*"
    ],
    "failed": "isFalse(\"ReconcileSuccessful\") || isTrue(\"ReconcileFailed\") || isTrue(\"ReconcileError\")",
    "inProgress": "!isTrue(\"ReconcileSuccessful\") && !isTrue(\"ReconcileSuccess\")",
    "current": "true"
  },
  {
    "kinds": [
      "rollouts.kruise.io/Rollout"
    ],
    "failed": "text(\"status.phase\") in [\"Disabled\", \"Disabling\", \"Terminating\"]",
    "inProgress": "stale() || text(\"status.phase\") in [\"\", \"Initial\"] || text(\"status.phase\") == \"Progressing\" && text(\"status.canaryStatus.currentStepState\") != \"StepPaused\" && text(\"status.blueGreenStatus.currentStepState\") != \"StepPaused\"",
    "suspended": "text(\"status.phase\") == \"Progressing\"",
    "current": "text(\"status.phase\") == \"Healthy\"",
    "message": "text(\"status.message\")"
  },
  {
    "kinds": [
      "route.openshift.io/Route"
    ],
    "failed": "list(\"status.ingress\").exists(i, conditions(i, \"conditions\").exists(c, c.type == \"Admitted\" && c.status == \"False\"))",
    "inProgress": "size(list(\"status.ingress\")) == 0 || list(\"status.ingress\").exists(i, !conditions(i, \"conditions\").exists(c, c.type == \"Admitted\" && c.status == \"True\"))",
    "current": "true",
    "message": "list(\"status.ingress\").map(i, text(i, \"routerName\") + \" \" + conditions(i, \"conditions\").map(c, c.type + \" is \" + c.status + (c.message == \"\" ? \"\" : \": \" + c.message)).join(\", \")).join(\"; \")"
  },
  {
    "kinds": [
      "sailoperator.io/*"
    ],
    "failed": "isFalse(\"Reconciled\") || isFalse(\"Ready\") && text(\"status.state\").endsWith(\"Error\")",
    "inProgress": "!isTrue(\"Ready\")",
    "current": "true"
  },
  {
    "kinds": [
      "secrets.hashicorp.com/VaultStaticSecret",
      "secrets.hashicorp.com/VaultDynamicSecret",
      "secrets.hashicorp.com/VaultPKISecret"
    ],
    "failed": "isFalse(\"Ready\") || isFalse(\"SecretSynced\") || isFalse(\"Healthy\") || given(\"status.error\") && text(\"status.error\") != \"\"",
    "inProgress": "!(isTrue(\"Ready\") || isTrue(\"SecretSynced\") || given(\"status.secretMAC\") || given(\"status.lastRenewalTime\") || given(\"status.serialNumber\"))",
    "current": "isTrue(\"Ready\") || isTrue(\"SecretSynced\") || given(\"status.secretMAC\") || given(\"status.lastRenewalTime\") || given(\"status.serialNumber\")",
    "message": "text(\"status.error\")"
  },
  {
    "kinds": [
      "secrets.hashicorp.com/VaultAuth",
      "secrets.hashicorp.com/VaultConnection",
      "secrets.hashicorp.com/VaultAuthGlobal",
      "secrets.hashicorp.com/SecretTransformation"
    ],
    "failed": "text(\"status.valid\") == \"false\"",
    "inProgress": "!given(\"status.valid\")",
    "current": "true",
    "message": "text(\"status.error\") != \"\" ? text(\"status.error\") : flag(\"status.valid\") ? \"valid\" : \"\""
  },
  {
    "kinds": [
      "services.cloud.sap.com/*"
    ],
    "failed": "isTrue(\"Failed\")",
    "inProgress": "!isTrue(\"Ready\") || isFalse(\"Succeeded\")",
    "current": "true",
    "message": "isTrue(\"Failed\") ? explain(\"Failed\") : explain(\"Succeeded\")"
  },
  {
    "kinds": [
      "*.services.k8s.aws/*"
    ],
    "failed": "isTrue(\"ACK.Terminal\") || isTrue(\"ACK.Recoverable\")",
    "inProgress": "!isTrue(\"Ready\") && !isTrue(\"ACK.ResourceSynced\")",
    "current": "true",
    "message": "isTrue(\"ACK.Terminal\") ? explain(\"ACK.Terminal\") : isTrue(\"ACK.Recoverable\") ? explain(\"ACK.Recoverable\") : condition(\"ACK.ResourceSynced\").message"
  },
  {
    "kinds": [
      "serving.kserve.io/*"
    ],
    "failed": "!isTrue(\"Stopped\") && (text(\"status.modelStatus.transitionStatus\") in [\"BlockedByFailedLoad\", \"InvalidSpec\"] || isFalse(\"Ready\") || list(\"status.conditions\").exists(c, text(c, \"status\") == \"False\" && text(c, \"severity\") == \"\" && text(c, \"type\") != \"Stopped\"))",
    "inProgress": "!isTrue(\"Stopped\") && (!isTrue(\"Ready\") || text(\"status.modelStatus.transitionStatus\") == \"InProgress\")",
    "suspended": "isTrue(\"Stopped\")",
    "current": "true",
    "message": "(text(\"status.modelStatus.transitionStatus\") in [\"\", \"UpToDate\"] ? \"\" : \"model \" + text(\"status.modelStatus.transitionStatus\") + \"; \") + conditions().filter(c, c.status != \"True\").map(c, c.type + \" is \" + c.status + (c.reason == \"\" ? \"\" : \" (\" + c.reason + \")\")).join(\", \")"
  },
  {
    "kinds": [
      "acme.cert-manager.io/*",
      "bitnami.com/SealedSecret",
      "clickhouse-keeper.altinity.com/*",
      "clickhouse.altinity.com/ClickHouseInstallation",
      "coralogix.com/*",
      "datadoghq.com/DatadogMetric",
      "datadoghq.com/DatadogAgent",
      "db.atlasgo.io/*",
      "external-secrets.io/ClusterExternalSecret",
      "external-secrets.io/ClusterPushSecret",
      "external-secrets.io/ClusterSecretStore",
      "external-secrets.io/ExternalSecret",
      "external-secrets.io/PushSecret",
      "external-secrets.io/SecretStore",
      "gateway.networking.k8s.io/GatewayClass",
      "grafana-org-operator.kubitus-project.gitlab.io/*",
      "iammanager.keikoproj.io/Iamrole",
      "install.istio.io/IstioOperator",
      "jaegertracing.io/Jaeger",
      "karpenter.azure.com/AKSNodeClass",
      "karpenter.k8s.aws/EC2NodeClass",
      "karpenter.sh/NodePool",
      "kyverno.io/ClusterPolicy",
      "kyverno.io/Policy",
      "lifecycle.keptn.sh/KeptnAppVersion",
      "lifecycle.keptn.sh/KeptnEvaluation",
      "lifecycle.keptn.sh/KeptnTask",
      "lifecycle.keptn.sh/KeptnWorkloadInstance",
      "lifecycle.keptn.sh/KeptnWorkloadVersion",
      "objectbucket.io/*",
      "ocs.openshift.io/StorageCluster",
      "onepassword.com/OnePasswordItem",
      "operator.tekton.dev/*",
      "platform.confluent.io/Connect",
      "platform.confluent.io/ControlCenter",
      "platform.confluent.io/Kafka",
      "platform.confluent.io/KafkaTopic",
      "platform.confluent.io/KRaftController",
      "platform.confluent.io/KsqlDB",
      "platform.confluent.io/SchemaRegistry",
      "platform.confluent.io/Zookeeper",
      "projectcontour.io/ExtensionService",
      "projectcontour.io/HTTPProxy",
      "pulumi.com/Stack",
      "serving.knative.dev/*",
      "trident.netapp.io/TridentOrchestrator"
    ],
    "inProgress": "generic() == \"\""
  },
  {
    "kinds": [
      "snapshot.storage.k8s.io/VolumeSnapshot",
      "snapshot.storage.k8s.io/VolumeSnapshotContent",
      "groupsnapshot.storage.k8s.io/VolumeGroupSnapshot",
      "groupsnapshot.storage.k8s.io/VolumeGroupSnapshotContent"
    ],
    "failed": "text(\"status.error.message\") != \"\" || given(\"status.error\")",
    "inProgress": "!flag(\"status.readyToUse\")",
    "current": "true",
    "message": "text(\"status.error.message\") != \"\" ? text(\"status.error.message\") : flag(\"status.readyToUse\") ? \"ready to use\" : \"\""
  },
  {
    "kinds": [
      "gateway.solo.io/*",
      "gloo.solo.io/*",
      "enterprise.gloo.solo.io/*",
      "ratelimit.solo.io/*"
    ],
    "failed": "values(\"status.statuses\").exists(s, text(s, \"state\") in [\"Warning\", \"Rejected\", \"2\", \"3\"]) || text(\"status.state\") in [\"Warning\", \"Rejected\", \"2\", \"3\"]",
    "inProgress": "size(values(\"status.statuses\")) == 0 && text(\"status.state\") == \"\"",
    "suspended": "values(\"status.statuses\").exists(s, text(s, \"state\") in [\"Pending\", \"0\"]) || text(\"status.state\") in [\"Pending\", \"0\"]",
    "current": "true",
    "message": "values(\"status.statuses\").exists(s, text(s, \"state\") in [\"Pending\", \"0\"]) || text(\"status.state\") in [\"Pending\", \"0\"] ? \"not validated yet\" : values(\"status.statuses\").map(s, text(s, \"reason\")).join() + text(\"status.reason\")"
  },
  {
    "kinds": [
      "solr.apache.org/SolrCloud",
      "zookeeper.pravega.io/ZookeeperCluster"
    ],
    "inProgress": "count(\"status.readyReplicas\") == 0 && (given(\"spec.replicas\") ? count(\"spec.replicas\") : 1) > 0 || count(\"status.readyReplicas\") < count(\"status.replicas\")",
    "current": "true",
    "message": "!given(\"status.replicas\") ? \"\" : string(count(\"status.readyReplicas\")) + \" of \" + string(count(\"status.replicas\")) + \" nodes ready\""
  },
  {
    "kinds": [
      "sparkoperator.k8s.io/SparkApplication"
    ],
    "failed": "text(\"status.applicationState.state\") in [\"FAILED\", \"FAILING\", \"SUBMISSION_FAILED\", \"UNKNOWN\"]",
    "inProgress": "text(\"status.applicationState.state\") != \"COMPLETED\" && (text(\"status.applicationState.state\") != \"RUNNING\" || size(values(\"status.executorState\").filter(s, s == \"RUNNING\")) < (flag(\"spec.dynamicAllocation.enabled\") ? count(\"spec.dynamicAllocation.minExecutors\") : entry(\"spec.sparkConf\", \"spark.dynamicAllocation.enabled\") == \"true\" || entry(\"spec.sparkConf\", \"spark.streaming.dynamicAllocation.enabled\") == \"true\" || !given(\"spec.executor.instances\") ? 1 : count(\"spec.executor.instances\")))",
    "current": "true",
    "message": "text(\"status.applicationState.errorMessage\") != \"\" ? text(\"status.applicationState.errorMessage\") : text(\"status.applicationState.state\") == \"\" ? \"\" : \"state \" + text(\"status.applicationState.state\") + \", \" + string(size(values(\"status.executorState\").filter(s, s == \"RUNNING\"))) + \" executors running\""
  },
  {
    "kinds": [
      "spot.io/SpotDeployment"
    ],
    "failed": "text(\"status.phase\") == \"Degraded\"",
    "inProgress": "!(text(\"status.phase\") in [\"Healthy\", \"Paused\"])",
    "suspended": "text(\"status.phase\") == \"Paused\"",
    "current": "text(\"status.phase\") == \"Healthy\"",
    "message": "explain(\"Progressing\")"
  },
  {
    "kinds": [
      "stacks.crossplane.io/*"
    ],
    "failed": "conditions(\"status.conditionedStatus.conditions\").exists(c, c.status == \"False\" && c.type == \"Synced\")",
    "inProgress": "!conditions(\"status.conditionedStatus.conditions\").exists(c, c.status == \"True\" && c.type == \"Ready\")",
    "current": "true",
    "message": "conditions(\"status.conditionedStatus.conditions\").map(c, c.reason).join(\", \")"
  },
  {
    "kinds": [
      "tekton.dev/PipelineRun",
      "tekton.dev/TaskRun",
      "tekton.dev/CustomRun",
      "tekton.dev/Run"
    ],
    "failed": "isFalse(\"Succeeded\")",
    "inProgress": "!isTrue(\"Succeeded\")",
    "current": "true",
    "message": "explain(\"Succeeded\")"
  },
  {
    "kinds": [
      "templates.gatekeeper.sh/ConstraintTemplate"
    ],
    "failed": "list(\"status.byPod\").exists(p, size(list(p, \"errors\")) > 0)",
    "inProgress": "!flag(\"status.created\")",
    "current": "true",
    "message": "list(\"status.byPod\").map(p, list(p, \"errors\").map(e, text(e, \"message\")).join(\"; \")).filter(t, t != \"\").join(\"; \")"
  },
  {
    "kinds": [
      "source.toolkit.fluxcd.io/*",
      "kustomize.toolkit.fluxcd.io/*",
      "helm.toolkit.fluxcd.io/*",
      "image.toolkit.fluxcd.io/*",
      "notification.toolkit.fluxcd.io/Receiver",
      "source.extensions.fluxcd.io/*",
      "fluxcd.controlplane.io/*"
    ],
    "failed": "!flag(\"spec.suspend\") && (isTrue(\"Stalled\") || isFalse(\"Ready\") && condition(\"Ready\").reason != \"Progressing\")",
    "inProgress": "!flag(\"spec.suspend\") && !isTrue(\"Ready\")",
    "suspended": "flag(\"spec.suspend\")",
    "current": "true",
    "message": "isTrue(\"Stalled\") ? explain(\"Stalled\") : explain(\"Ready\")"
  },
  {
    "kinds": [
      "tower.ansible.com/AnsibleJob",
      "tower.ansible.com/AnsibleWorkflow"
    ],
    "failed": "text(\"status.ansibleJobResult.status\") in [\"failed\", \"error\", \"canceled\"] || isTrue(\"Failure\")",
    "inProgress": "text(\"status.ansibleJobResult.status\") != \"successful\"",
    "current": "true",
    "message": "text(\"status.ansibleJobResult.status\") == \"\" ? \"\" : \"job \" + text(\"status.ansibleJobResult.status\") + (text(\"status.ansibleJobResult.url\") == \"\" ? \"\" : \": \" + text(\"status.ansibleJobResult.url\"))"
  },
  {
    "kinds": [
      "trident.netapp.io/TridentBackendConfig",
      "trident.netapp.io/TridentMirrorRelationship"
    ],
    "failed": "text(\"status.lastOperationStatus\") == \"Failed\" || text(\"status.phase\") in [\"Lost\", \"Unbound\"]",
    "inProgress": "text(\"status.lastOperationStatus\") != \"Success\" || text(\"status.phase\") == \"Deleting\"",
    "current": "true",
    "message": "text(\"status.message\")"
  },
  {
    "kinds": [
      "velero.io/Backup",
      "velero.io/Restore",
      "velero.io/BackupStorageLocation",
      "velero.io/Schedule",
      "velero.io/PodVolumeBackup",
      "velero.io/PodVolumeRestore",
      "velero.io/DataUpload",
      "velero.io/DataDownload",
      "velero.io/BackupRepository"
    ],
    "failed": "text(\"status.phase\").endsWith(\"Failed\") || text(\"status.phase\").endsWith(\"FailedValidation\") || text(\"status.phase\") in [\"Unavailable\", \"Canceled\", \"NotReady\"]",
    "inProgress": "!flag(\"spec.paused\") && !(text(\"status.phase\") in [\"Completed\", \"Available\", \"Enabled\", \"Ready\"])",
    "suspended": "flag(\"spec.paused\")",
    "current": "text(\"status.phase\") in [\"Completed\", \"Available\", \"Enabled\", \"Ready\"]",
    "message": "text(\"status.message\") != \"\" ? text(\"status.message\") : size(list(\"status.validationErrors\")) > 0 ? list(\"status.validationErrors\").map(e, string(e)).join(\"; \") : text(\"status.failureReason\") != \"\" ? text(\"status.failureReason\") : text(\"status.phase\") == \"\" ? \"\" : \"phase \" + text(\"status.phase\")"
  },
  {
    "kinds": [
      "work.karmada.io/ResourceBinding",
      "work.karmada.io/ClusterResourceBinding"
    ],
    "failed": "list(\"status.aggregatedStatus\").exists(s, text(s, \"health\") == \"Unhealthy\")",
    "inProgress": "size(list(\"status.aggregatedStatus\")) == 0 || list(\"status.aggregatedStatus\").exists(s, !flag(s, \"applied\")) || !isTrue(\"FullyApplied\")",
    "unknown": "list(\"status.aggregatedStatus\").exists(s, text(s, \"health\") == \"Unknown\")",
    "current": "list(\"status.aggregatedStatus\").all(s, text(s, \"health\") == \"Healthy\")",
    "message": "size(list(\"status.aggregatedStatus\")) == 0 ? explain(\"Scheduled\") : list(\"status.aggregatedStatus\").map(s, text(s, \"clusterName\") + \" \" + text(s, \"health\")).join(\", \")"
  }
];

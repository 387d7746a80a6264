/**
 * The catalogue of everything Kollage can complain about. A code is never renamed and never used again for something
 * else. `docs/errors.md` is written from it (`npm run docs`), and the test run checks that it is up to date.
 * 1xx the deployment folder, 2xx the catalog and its configuration templates, 3xx images, 4xx what a plan finds,
 * 5xx carrying out, 9xx Kollage itself.
 */
export const errors = {
  // The deployment folder
  'KLG-101': {
    title: 'No deployment folder',
    cause: 'The folder holds no kollage.yaml, or it cannot be read.',
    kept: 'Nothing was read or written.',
    next: 'Give the folder with --folder, or make one with `kollage init`.',
  },
  'KLG-102': {
    title: 'Not valid YAML',
    cause: 'A file breaks the rules of YAML at the place named.',
    kept: 'Nothing was changed.',
    next: 'Mend the line named; a missing quote or an indentation before it is the usual cause.',
  },
  'KLG-103': {
    title: 'Unknown key',
    cause: 'A key stands where Kollage knows no such key.',
    kept: 'Nothing was changed.',
    next: 'Use the nearest right name if that was meant, else remove the key.',
  },
  'KLG-104': {
    title: 'Wrong type of value',
    cause: 'A value is not of the kind that this key takes.',
    kept: 'Nothing was changed.',
    next: 'Give a value of the kind named in the message.',
  },
  'KLG-105': {
    title: 'Unknown name',
    cause: 'A service, component, role, node, release, profile or engine is named that does not exist.',
    kept: 'Nothing was changed.',
    next: 'Use one of the names listed; the nearest is suggested.',
  },
  'KLG-106': {
    title: 'File outside the folder',
    cause:
      'A symbolic link in the deployment folder leads out of it. Kollage reads only what the folder holds.',
    kept: 'The file was not read.',
    next: 'Put a copy of the file into the folder.',
  },
  'KLG-107': {
    title: 'File too large',
    cause:
      'A configuration file is larger than any real one (limit 4 MiB), or the folder holds too many files.',
    kept: 'The file was not read.',
    next: 'Move what is not configuration out of the folder.',
  },
  'KLG-108': {
    title: 'File cannot be read',
    cause:
      'A file of the folder is there but cannot be read as text: rights, an encoding that is not UTF-8, or not a file.',
    kept: 'Nothing was changed.',
    next: 'Check the file named.',
  },
  'KLG-109': {
    title: 'Service missing that another needs',
    cause: 'A service is on, and a service that it cannot do without is off.',
    kept: 'Nothing was changed.',
    next: 'Turn the other service on, or this one off.',
  },
  'KLG-110': {
    title: 'Override that no component reads',
    cause:
      'A file under config/ has a name or a place that matches no configuration file of any service that is on.',
    kept: 'The file was left as it is; it has no effect.',
    next: 'Rename it to the nearest right name, or remove it.',
  },
  'KLG-111': {
    title: 'Variable of globals.yml without effect',
    cause: 'No option of the catalog answers to this key, and no override uses it as a variable.',
    kept: 'The key was left as it is; it has no effect.',
    next: 'Use the nearest right name, or remove it.',
  },
  'KLG-112': {
    title: 'The folder is taken',
    cause: 'A deployment folder was to be made where files already are.',
    kept: 'No file was touched.',
    next: 'Choose an empty folder.',
  },
  // Secrets
  'KLG-113': {
    title: 'The folder cannot be packaged',
    cause:
      'A package holds the deployment folder for everybody who may read it: secrets in clear text cannot be in it, nor what lies outside of the folder, nor more than an app can carry.',
    kept: 'Nothing was written.',
    next: 'Mend what the message names, and run the command again.',
  },
  'KLG-120': {
    title: 'Secret missing',
    cause: 'A service needs a secret that passwords.yml does not have.',
    kept: 'Nothing was changed.',
    next: 'Run `kollage secrets`: it makes what is missing and keeps what is there.',
  },
  'KLG-121': {
    title: 'Secrets cannot be decrypted',
    cause: 'passwords.yml is encrypted, and the key that was found does not open it (or none was found).',
    kept: 'Nothing was changed.',
    next: 'Put the age identity at the place named, or name it with KOLLAGE_AGE_KEY_FILE.',
  },
  'KLG-122': {
    title: 'No such secret',
    cause: 'A secret was named that no service has.',
    kept: 'Nothing was changed.',
    next: 'Use one of the names that `kollage secrets --list` prints.',
  },
  'KLG-123': {
    title: 'Secret cannot be used where it stands',
    cause:
      'A template changes a secret in a way that would hide that it is secret (a filter other than those allowed, a part of it, a comparison).',
    kept: 'Nothing was changed.',
    next: 'Use the secret whole, or through one of the filters urlencode, b64encode, quote and tojson.',
  },
  'KLG-124': {
    title: 'Plain secrets',
    cause: 'passwords.yml holds secrets in clear text.',
    kept: 'The file is used as it is.',
    next: 'Encrypt it with `kollage secrets --encrypt`.',
  },
  'KLG-125': {
    title: 'Secrets were not saved',
    cause: 'The file of secrets could not be written, or changed while it was being written.',
    kept: 'The old file is as it was.',
    next: 'Check the rights of the folder and run the command again.',
  },
  'KLG-126': {
    title: 'Fingerprints of secrets without a key',
    cause:
      'passwords.yml has no kollage_fingerprint_key, so that the fingerprints in saved plans could help to guess a weak password.',
    kept: 'The secrets are used as they are.',
    next: 'Run `kollage secrets`, which makes the key.',
  },
  'KLG-127': {
    title: 'File of access left alone',
    cause: 'A file that Kollage writes for the operator is there already and was changed, or made, by hand.',
    kept: 'The file is as it was.',
    next: 'Move it away and run `kollage up`, which writes it anew.',
  },
  // The catalog
  'KLG-201': {
    title: 'No such catalog',
    cause: 'A catalog is named that is neither one of Kollage nor a folder with service definitions.',
    kept: 'Nothing was changed.',
    next: 'Give the name of a catalog of Kollage, or the path of a folder, relative to kollage.yaml.',
  },
  'KLG-202': {
    title: 'Need that names nothing',
    cause: 'A definition needs a task, component, endpoint or output that no service offers.',
    kept: 'Nothing was changed.',
    next: 'Mend the name in the definition; the nearest is suggested.',
  },
  'KLG-203': {
    title: 'Needs in a circle',
    cause: 'Components or tasks wait for each other, so that none of them would ever start.',
    kept: 'Nothing was changed.',
    next: 'Take one of the needs that the message lists out of the circle.',
  },
  'KLG-204': {
    title: 'Two ports alike',
    cause: 'Two endpoints of one node listen on the same port.',
    kept: 'Nothing was changed.',
    next: 'Give one of them another port.',
  },
  'KLG-205': {
    title: 'Image that nobody builds',
    cause: 'A component names an image that no recipe of the catalog provides for this release.',
    kept: 'Nothing was changed.',
    next: 'Mend the name, add a recipe, or name a whole image reference with a registry.',
  },
  'KLG-206': {
    title: 'Template error',
    cause:
      'A Jinja2 template or expression cannot be evaluated: its syntax, or a variable that does not exist.',
    kept: 'Nothing was changed.',
    next: 'Mend the template at the line named.',
  },
  'KLG-207': {
    title: 'Template without end',
    cause: 'A template took more steps or more memory than any real one does.',
    kept: 'The template was stopped; nothing was changed.',
    next: 'Look for a loop or a recursion that does not end.',
  },
  'KLG-208': {
    title: 'Configuration file cannot be merged',
    cause: 'An override of an INI or YAML file is not of that format.',
    kept: 'Nothing was changed.',
    next: 'Mend the line named.',
  },
  'KLG-209': {
    title: 'Definition mistake',
    cause: 'A service definition, trait or catalog file says something that cannot hold.',
    kept: 'Nothing was changed.',
    next: 'Mend the definition at the place named; docs/reference/service.md lists every key.',
  },
  'KLG-210': {
    title: 'Not possible on this engine',
    cause: 'The deployment asks for something that the chosen engine cannot hold.',
    kept: 'Nothing was changed.',
    next: 'Choose another engine, or take out what the message names.',
  },
  // Images
  'KLG-301': {
    title: 'Debian cannot be set up',
    cause:
      'The first layer of the images could not be made: debootstrap is missing, or the mirror does not answer.',
    kept: 'No image was changed.',
    next: 'Install debootstrap and debian-archive-keyring (and fakeroot when not root), or name an image to begin with: --base.',
  },
  'KLG-302': {
    title: 'The container engine does not answer',
    cause: 'No Docker or Podman answers on the default socket, or on the address in DOCKER_HOST.',
    kept: 'Nothing was changed.',
    next: 'Start it, or set DOCKER_HOST; check that you may use its socket.',
  },
  'KLG-303': {
    title: 'Packages cannot be had',
    cause: 'The package mirror of this host does not answer, or does not have what its lists promise.',
    kept: 'Images that were there are as they were; what was downloaded is kept for the next try.',
    next: 'Check that `apt-get update` works on this host, then run the command again.',
  },
  'KLG-304': {
    title: 'Package cannot be installed',
    cause:
      'A recipe names a package that this Debian suite does not have, or whose dependencies cannot be met.',
    kept: 'The other images are built.',
    next: 'Mend the recipe, or say under `releases` what is different in this release.',
  },
  'KLG-305': {
    title: 'Image was not built',
    cause: 'A step of the build ended with an error.',
    kept: 'The image of that name is as it was; other images that do not depend on it are built.',
    next: 'Read the last lines of the log that the message names.',
  },
  'KLG-306': {
    title: 'Unknown image',
    cause: 'An image was named that no recipe of this release makes.',
    kept: 'Nothing was built.',
    next: 'Use one of the names that the message lists.',
  },
  'KLG-307': {
    title: 'Unknown release',
    cause: 'A release was named that the recipes have no Debian suite for.',
    kept: 'Nothing was built.',
    next: 'Use one of the releases that the message lists.',
  },
  'KLG-308': {
    title: 'The build was stopped',
    cause: 'The command was interrupted.',
    kept: 'Finished images are kept; the containers of unfinished ones are gone.',
    next: 'Run the command again: it goes on where it stopped.',
  },
  'KLG-309': {
    title: 'Image cannot be pushed or pulled',
    cause: 'The registry does not answer, does not know the image, or does not let you in.',
    kept: 'Images that went through before are in place.',
    next: 'Check the address, and log in with `docker login`; then run the command again.',
  },
  // What a plan finds
  'KLG-401': {
    title: 'Port in use',
    cause:
      'A port that a component would listen on is taken by another component of the same node, or by a process of the host.',
    kept: 'Nothing was changed.',
    next: 'Stop the other process, or give the component another port.',
  },
  'KLG-402': {
    title: 'Host path used twice',
    cause:
      'Two components of the same node write to the same path of the host without being made to share it.',
    kept: 'Nothing was changed.',
    next: 'Give one of them another path.',
  },
  'KLG-403': {
    title: 'Not enough memory or CPU',
    cause: 'The components of a node ask for more than the node has.',
    kept: 'Nothing was changed.',
    next: 'Add nodes, move components by role, or turn services off.',
  },
  'KLG-404': {
    title: 'No node for a component',
    cause: 'No node has the role that a component runs on, or fewer than its replicas need.',
    kept: 'Nothing was changed.',
    next: 'Give the role to a node, or scale the component down.',
  },
  'KLG-405': {
    title: 'Capability missing',
    cause: 'A node lacks a Linux capability, device or kernel feature that a component needs.',
    kept: 'Nothing was changed.',
    next: 'Use another node for that role, or turn the option off that needs it.',
  },
  'KLG-406': {
    title: 'Image cannot be had',
    cause:
      'An image is neither on the node, nor built by a recipe, nor in a registry that the deployment names.',
    kept: 'Nothing was changed.',
    next: 'Build it with `kollage images build`, or name a registry under `images`.',
  },
  'KLG-407': {
    title: 'Data would be lost',
    cause: 'The change takes away a volume that holds data.',
    kept: 'Nothing was changed.',
    next: 'Keep the service, or confirm the loss when applying.',
  },
  'KLG-408': {
    title: 'Saved state cannot be read',
    cause:
      'A file given with --against or --observed is not what Kollage saves, or was saved by another version.',
    kept: 'Nothing was changed.',
    next: 'Save it again with `kollage plan --save`.',
  },
  'KLG-409': {
    title: 'Need that is not met on its node',
    cause:
      'A component needs another one on its own node, and that one does not run on each node where it is needed.',
    kept: 'Nothing was changed.',
    next: 'Give both the same role, or turn off the one that needs the other.',
  },
  'KLG-410': {
    title: 'Volume is gone',
    cause:
      'A volume in which a component or a task keeps data was there, and somebody removed it. With an empty one in its place the component would begin anew, while the tasks that filled it count as done.',
    kept: 'Nothing was changed.',
    next: 'Bring it back from a backup, under the name that it had (on Docker DEPLOYMENT-SERVICE-VOLUME). Where its loss does not matter, make an empty one of that name (`docker volume create`). Where all is lost with it, `kollage destroy` and `kollage up` begin anew.',
  },
  'KLG-411': {
    title: 'Node is away',
    cause:
      'What runs on each node of a role is to be changed, and one of these nodes does not answer. The change would wait for it, and be taken back in the end.',
    kept: 'Nothing was changed.',
    next: 'Bring the node back; or take it out of `nodes` in kollage.yaml, where nodes are named, else out of the cluster (`kubectl delete node NAME` on Kubernetes).',
  },
  // Carrying out
  'KLG-501': {
    title: 'The engine does not answer',
    cause: 'The container engine cannot be reached, or went away in the middle.',
    kept: 'What runs goes on running; what was done is written down.',
    next: 'Start the engine, check the rights to its socket, and run the command again: it goes on where it was.',
  },
  'KLG-502': {
    title: 'The engine refuses',
    cause: 'The container engine answered that it cannot do what was asked.',
    kept: 'What was done until then is kept and written down.',
    next: 'Mend what the message names, and run the command again.',
  },
  'KLG-503': {
    title: 'Someone else is working on it',
    cause: 'Another kollage holds the lock of this deployment.',
    kept: 'Nothing was changed.',
    next: 'Wait until it is done. A lock of a process that died is taken over without being asked.',
  },
  'KLG-504': {
    title: 'Not healthy',
    cause: 'A workload did not become healthy in time, or its process ends again and again.',
    kept: 'The change was taken back: what ran before runs. The first time, with nothing to go back to, what was made is left as it is.',
    next: 'Read the last lines of its log above; mend the cause, and run the command again.',
  },
  'KLG-505': {
    title: 'A task failed',
    cause: 'A one-time task ended with an error.',
    kept: 'The change was taken back: what ran before runs. The first time, with nothing to go back to, what was made is left as it is, and the task will be run again.',
    next: 'Read the last lines of its log above; mend the cause, and run the command again.',
  },
  'KLG-506': {
    title: 'Interrupted',
    cause: 'The command was told to stop before it was done.',
    kept: 'What was made is left as it is and written down.',
    next: 'Run the command again: it goes on where it was. `kollage rollback` takes back what was begun.',
  },
  'KLG-507': {
    title: 'Not brought up',
    cause: 'The command is about a running deployment, and this one was never brought up from this host.',
    kept: 'Nothing was changed.',
    next: 'Run `kollage up` first, or give the right folder with --folder.',
  },
  'KLG-508': {
    title: 'State cannot be read or written',
    cause:
      "The deployment's state beside the engine is damaged, its disk is full, or this user may not read or write it.",
    kept: 'What runs goes on running; what was done until then is kept.',
    next: 'Check the disk and the rights, and run the command again: it goes on where it was. A damaged state that is moved away begins anew with the next `kollage up`, which takes over what runs.',
  },
  'KLG-520': {
    title: 'A proof failed',
    cause: 'What runs does not do what a user wants of it.',
    kept: 'What the proof made in the platform is taken away again, as far as its log does not say otherwise; nothing else was changed.',
    next: 'Read the steps and the last lines of the log above, then `kollage status` and `kollage logs` of what they name.',
  },
  'KLG-510': {
    title: 'Could not be taken back',
    cause: 'A change failed, and so did going back to what ran before.',
    kept: 'What was done until then is kept and written down; data that was saved is kept.',
    next: 'Mend what the message names, and run `kollage up` or `kollage rollback`: either goes on with taking back.',
  },
  'KLG-511': {
    title: 'Failed before',
    cause: 'The same change was tried before, failed and was taken back. It is not tried again by itself.',
    kept: 'Nothing was changed.',
    next: 'Mend the cause in the folder. If it lay elsewhere, give --retry.',
  },
  'KLG-512': {
    title: 'Data would not fit',
    cause:
      'Going back to a revision would run old programs on data that newer ones have changed, for its tasks that prepare data are others.',
    kept: 'Nothing was changed.',
    next: 'Go forward instead: put what is to be different into the folder, and run `kollage up`. Where the data was saved, `kollage rollback --restore-data` brings it back.',
  },
  'KLG-513': {
    title: 'A check failed',
    cause: 'Everything was healthy, but a check of the deployment (`checks` in kollage.yaml) does not hold.',
    kept: 'The change was taken back: what ran before runs.',
    next: 'Mend the cause, or the check, and run the command again.',
  },
  'KLG-514': {
    title: 'A hook failed',
    cause: 'A command that `hooks` in kollage.yaml has for the update of a service did not end with 0.',
    kept: 'The change was taken back: what ran before runs. The first time, with nothing to go back to, what was made is left as it is.',
    next: 'Mend the cause, or the hook, and run the command again with --retry.',
  },
  'KLG-515': {
    title: 'Nobody said yes',
    cause: 'A hook of kollage.yaml waits for a person, who said no, or cannot be asked here.',
    kept: 'Where nobody can be asked, nothing was changed. After a no the change was taken back: what ran before runs.',
    next: 'Run the command on a terminal, or give --yes, which answers for all of them.',
  },
  'KLG-530': {
    title: 'No such upgrade',
    cause:
      'The release cannot be reached from the one that runs: it is not newer, or programs of releases between them are needed.',
    kept: 'Nothing was changed.',
    next: 'Upgrade through the release that the message names.',
  },
  'KLG-531': {
    title: 'Not fit for the upgrade',
    cause:
      'A check of the new release, run against what runs now, says that it may not be upgraded as it is.',
    kept: 'Nothing was changed.',
    next: 'Read what the check says above, mend that, and run `kollage upgrade` again.',
  },
  'KLG-540': {
    title: 'No cluster is named',
    cause: 'There is no kubeconfig, it cannot be read, or it has no context of the name given.',
    kept: 'Nothing was changed.',
    next: 'See `kubectl config get-contexts`. Set KUBECONFIG, or give `engine: { type: kubernetes, context: NAME }` in kollage.yaml.',
  },
  'KLG-541': {
    title: 'The cluster does not know you',
    cause:
      'The API server does not accept the credentials of this context: they have expired, were withdrawn, or the plugin that makes them fails.',
    kept: 'What runs goes on running; what was done until then is written down.',
    next: 'Log in anew as you do for kubectl (`kubectl auth whoami` tells whether it holds), and run the command again: it goes on where it was.',
  },
  'KLG-542': {
    title: 'Rights are missing',
    cause: 'The user of this context may not do in the cluster what the command needs.',
    kept: 'What was done until then is kept and written down.',
    next: 'Have a role with the verb and the resource named bound to that user, then run the command again: it goes on where it was.',
  },
  'KLG-543': {
    title: 'The namespace is going away',
    cause: 'The namespace of the deployment is being deleted: nothing can be made in it until it is gone.',
    kept: 'Nothing was made. What was in the namespace goes with it, the history of the deployment too.',
    next: 'Wait until `kubectl get namespace` does not list it any more, and run the command again. One that stays is held by finalizers; its status names them.',
  },
  'KLG-544': {
    title: 'Somebody else has set this',
    cause: 'Fields that Kollage is to set were set in the cluster by another tool or person.',
    kept: 'The object named is as it was.',
    next: 'Have the one that is named leave these fields alone and run the command again, or take them over: `kollage up --take-over`.',
  },
  'KLG-545': {
    title: 'No storage class',
    cause:
      'The cluster has no storage class of the name that kollage.yaml gives, or kollage.yaml gives none and no class is the default.',
    kept: 'What runs goes on running; the volume was not made.',
    next: 'See `kubectl get storageclass`. Name one as `storage: { class: NAME }` of the engine in kollage.yaml, or have it made, and run the command again.',
  },
  'KLG-560': {
    title: 'ZooKeeper refuses',
    cause:
      "The znodes of this deployment belong to somebody who has another key: the folder's kollage_store_key is not the one that it was brought up with.",
    kept: 'Nothing was read or changed.',
    next: 'Give the folder the passwords.yml that the deployment was brought up with, or the deployment another name.',
  },
  'KLG-561': {
    title: 'Mesos does not know you',
    cause: 'Marathon or a Mesos master does not accept who logs in, or lets nobody in without a login.',
    kept: 'What runs goes on running; what was done until then is written down.',
    next: 'Give `engine: { user: NAME }` in kollage.yaml, and its password as the secret kollage_engine_password (`kollage secrets edit`), and run the command again.',
  },
  'KLG-562': {
    title: 'Certificate not trusted',
    cause:
      "What answers at the engine's address shows a certificate that nobody vouches for who is trusted, that has ended, or that is for another name. Nothing was told to it.",
    kept: 'What runs goes on running; what was done until then is written down.',
    next: 'Put the certificate of who signed it into the folder, name it as `engine: { ca: FILE }` in kollage.yaml, use the name that the certificate is for, and run the command again.',
  },
  'KLG-550': {
    title: 'Not backed up',
    cause: 'The data of a service could not be copied, or the copy not be kept.',
    kept: 'Backups that were there are kept; what was written of this one goes with the next.',
    next: 'Read what the service says above: it must run, and the volume of its backups must have room. Then run the command again.',
  },
  'KLG-551': {
    title: 'Backup not fit',
    cause:
      'A backup is not whole, is one of another deployment or release, or holds data that the server which runs cannot read.',
    kept: 'Nothing was changed.',
    next: 'Choose another one: `kollage backup --list`.',
  },
  'KLG-552': {
    title: 'Nothing to recover',
    cause: 'All that runs of the service is healthy.',
    kept: 'Nothing was changed.',
    next: 'To go back to earlier data there is `kollage restore`. Give --force where it is healthy and yet must be made anew.',
  },
  'KLG-553': {
    title: 'Another change is unfinished',
    cause: 'A change was begun that neither was finished nor taken back, and this one cannot begin before.',
    kept: 'Nothing was changed.',
    next: 'Run `kollage up`, which goes on with it, or `kollage rollback`, which takes it back.',
  },
  'KLG-554': {
    title: 'Not recovered',
    cause: 'Nothing could be made of the data that its server reads.',
    kept: 'The data is as it was. Who uses it is stopped.',
    next: 'Read what was tried above. Make room if that is missing and run the command again, or bring a backup back with `kollage restore`.',
  },
  'KLG-555': {
    title: 'Secret that must stay',
    cause: 'What was made with a secret could not be read any more with another one.',
    kept: 'Nothing was changed.',
    next: 'Leave it as it is.',
  },
  'KLG-556': {
    title: 'Keys not made anew',
    cause: 'A task that makes keys of a service anew ended badly.',
    kept: 'Keys are made anew so that those which are in use stay.',
    next: 'Read the last lines of its log above; mend the cause, and run the command again.',
  },
  'KLG-565': {
    title: 'DC/OS does not let you in',
    cause:
      'The account that was given is not known there, its password or key is another, or its credentials cannot be read.',
    kept: 'Nothing was changed.',
    next: 'Try the account with `dcos auth login`, or have its secret made anew; put it into the folder (`kollage secrets edit`), and run the command again.',
  },
  'KLG-570': {
    title: 'Mesos did not come up',
    cause: 'A part of the cluster was started, and does not do in its time what it is there for.',
    kept: 'What was started is left as it is.',
    next: 'Read its last lines above, or `docker logs`; mend the cause, and run the command again: it goes on where it was. Give --timeout where it only takes longer.',
  },
  // Kollage itself
  'KLG-901': {
    title: 'Wrong use of the command',
    cause: 'An argument or an option of the command line is unknown, missing or of the wrong kind.',
    kept: 'Nothing was changed.',
    next: 'See `kollage help COMMAND`.',
  },
  'KLG-902': {
    title: 'A mistake in Kollage',
    cause: 'Something happened that Kollage did not foresee.',
    kept: 'What was done until then is kept.',
    next: 'Report it with the text that KOLLAGE_DEBUG=1 prints.',
  },
  'KLG-903': {
    title: 'A file cannot be written',
    cause: 'The place for an output file does not exist, is full, or may not be written.',
    kept: 'No other file was touched.',
    next: 'Check the path and its rights.',
  },
} as const satisfies Record<string, ErrorInfo>;

interface ErrorInfo {
  /** A few words. */
  readonly title: string;
  readonly cause: string;
  /** What is as it was. */
  readonly kept: string;
  /** What the person does now. */
  readonly next: string;
}

export type ErrorCode = keyof typeof errors;
